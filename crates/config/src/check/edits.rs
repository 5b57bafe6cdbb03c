//! Changes of header fields: which names may be changed, and which variables values may have.

use crate::{
    Route, Template, Variable,
    nearest::nearest,
    report::{At, Report},
    tree::NodeId,
};
use std::collections::HashMap;

/// Fields that belong to one connection or to a message's framing (RFC 9110 section 7.6.1, RFC 9112 section 6): the
/// proxy writes them itself. Beside these: everything that starts with `proxy-`.
const FRAMING: [&str; 7] =
    ["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// Which message is changed.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Request,
    Response,
}

pub(super) fn check(_route: &Route, at: At<'_>, report: &mut Report<'_>) {
    let request = at.get("requestHeaders");
    let mut set = Names::default();
    for map in [at.get("headers"), request.and_then(|edits| edits.get("set"))].into_iter().flatten() {
        fields(map, Side::Request, &mut set, report);
    }
    if let Some(request) = request {
        added_and_removed(request, Side::Request, report);
    }
    if let Some(response) = at.get("responseHeaders") {
        if let Some(map) = response.get("set") {
            fields(map, Side::Response, &mut Names::default(), report);
        }
        added_and_removed(response, Side::Response, report);
    }
    if let Some(map) = at.get("match").and_then(|conditions| conditions.get("headers")) {
        let mut names = Names::default();
        for (key, _) in map.entries() {
            names.claim(key, report);
        }
    }
}

fn added_and_removed(edits: At<'_>, side: Side, report: &mut Report<'_>) {
    if let Some(map) = edits.get("add") {
        fields(map, side, &mut Names::default(), report);
    }
    for name in edits.get("remove").into_iter().flat_map(At::items) {
        allowed(name, side, report);
    }
}

fn fields(map: At<'_>, side: Side, names: &mut Names, report: &mut Report<'_>) {
    for (key, value) in map.entries() {
        allowed(key, side, report);
        names.claim(key, report);
        template(value, report);
    }
}

/// The names of fields that are set on requests.
pub(super) fn set_on_requests<'t>(keys: impl Iterator<Item = At<'t>>, report: &mut Report<'_>) {
    let mut names = Names::default();
    for key in keys {
        allowed(key, Side::Request, report);
        names.claim(key, report);
    }
}

/// The fields of an answer that the proxy makes itself: fixed values under names that may be set.
pub(super) fn answer_fields(map: At<'_>, report: &mut Report<'_>) {
    let mut names = Names::default();
    for (key, _) in map.entries() {
        allowed(key, Side::Response, report);
        names.claim(key, report);
        if key.text().is_some_and(|name| name.eq_ignore_ascii_case("content-type")) {
            report.add(key.id, "`Content-Type` has a key of its own", Some("write `contentType`".into()));
        }
    }
}

/// Names in one map; field names do not differ by case (RFC 9110 section 5.1).
#[derive(Default)]
struct Names(HashMap<String, NodeId>);

impl Names {
    fn claim(&mut self, key: At<'_>, report: &mut Report<'_>) {
        let Some(name) = key.text() else { return };
        if let Some(first) = self.0.insert(name.to_ascii_lowercase(), key.id) {
            let first = key.other(first).whereabouts();
            let hint = format!("the first one is {first}; field names do not differ by case");
            report.add(key.id, format!("the field `{name}` is given twice"), Some(hint));
        }
    }
}

fn allowed(at: At<'_>, side: Side, report: &mut Report<'_>) {
    let Some(written) = at.text() else { return };
    let name = written.to_ascii_lowercase();
    if FRAMING.contains(&name.as_str()) || name.starts_with("proxy-") {
        let message = format!("`{written}` belongs to the connection; the proxy writes it itself");
        report.add(at.id, message, Some("remove it".into()));
    } else if name == "host" && side == Side::Request {
        let hint = "use the upstream's `hostHeader`";
        report.add(at.id, "`Host` cannot be changed as a field", Some(hint.into()));
    }
}

/// Reports a value with a variable that nobody knows.
pub(super) fn template(at: At<'_>, report: &mut Report<'_>) {
    let Some(Err(error)) = at.text().map(str::parse::<Template>) else { return };
    let known = Variable::ALL.into_iter().map(|(name, _)| name);
    let hint = match nearest(&error.name, known.clone()) {
        Some(near) => format!("did you mean `${near}`? For a dollar, write `$$`"),
        None => {
            let known: Vec<_> = known.map(|name| format!("`${name}`")).collect();
            format!("known are {}; for a dollar, write `$$`", known.join(", "))
        }
    };
    report.add(at.id, error.to_string(), Some(hint));
}
