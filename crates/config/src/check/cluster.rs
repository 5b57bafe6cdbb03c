//! The clustered proxy's configuration: what it must have, and what may stand there.

mod rules;

use super::{bounds, edits, names::Names};
use crate::{
    dialect::{Cluster, SERVER},
    document::INLINE,
    report::{At, Report},
};

/// Checks what was read; `root` is the whole file.
pub(crate) fn check(cluster: &Cluster, root: At<'_>, report: &mut Report<'_>) {
    // What is no map has been reported.
    let is_map = |at: &At<'_>| !at.tree.entries(at.id).is_empty() || !report.is_touched(*at);
    let Some(at) = root.get(SERVER).filter(is_map) else { return };
    bounds::check(cluster, "server.", at, report);
    needs(at, "listen", "`server` needs a `listen`", "write a port, or host:port", report);
    upstreams(cluster, at, report);
    headers(at, report);
    rules::check(cluster, at, report);
}

/// The value under a key that must be there.
fn needs<'t>(at: At<'t>, key: &str, message: &str, hint: &str, report: &mut Report<'_>) -> Option<At<'t>> {
    let value = at.get(key);
    if value.is_none() {
        report.add(at.id, message, Some(hint.into()));
    }
    value
}

fn refuse_empty(list: At<'_>, message: &str, report: &mut Report<'_>) {
    if list.items().next().is_none() && !report.is_touched(list) {
        report.add(list.id, message, None);
    }
}

fn upstreams(cluster: &Cluster, at: At<'_>, report: &mut Report<'_>) {
    let hint = "list where requests can go, each with `id` and `url`";
    let Some(list) = needs(at, "upstreams", "`server` needs `upstreams`", hint, report) else { return };
    refuse_empty(list, "`server` needs at least one upstream", report);
    let mut names = Names::default();
    for (upstream, at) in cluster.upstreams.iter().zip(list.items()) {
        let id = needs(at, "id", "an upstream needs an `id`", "rules name upstreams by it", report);
        if let Some(id) = id.filter(|id| !report.is_touched(*id)) {
            claim(&upstream.id, id, &mut names, report);
        }
        let hint = "write http://host:port, or a host alone";
        needs(at, "url", "an upstream needs a `url`", hint, report);
    }
}

fn claim(name: &str, id: At<'_>, names: &mut Names, report: &mut Report<'_>) {
    if name.is_empty() {
        report.add(id.id, "the id of an upstream is empty", None);
    } else if name.starts_with(INLINE) {
        let message = format!("the id of an upstream does not start with `{INLINE}`");
        report.add(id.id, message, Some("such names belong to routes".into()));
    } else {
        names.claim(name, "upstream id", id, report);
    }
}

fn headers(at: At<'_>, report: &mut Report<'_>) {
    let mut keys = Vec::new();
    for at in at.get("headers").into_iter().flat_map(At::items) {
        let key = needs(at, "key", "a header needs a `key`", "write the name of a header", report);
        let value = needs(at, "value", "a header needs a `value`", "write what it is set to", report);
        if let Some(value) = value.filter(|value| !report.is_touched(*value)) {
            edits::template(value, report);
        }
        if key.and_then(At::text).is_some_and(|name| name.eq_ignore_ascii_case("host")) {
            let message = "`Host` cannot be set: an upstream is asked for its own name";
            report.add(key.unwrap_or(at).id, message, Some("remove it".into()));
        } else {
            keys.extend(key.filter(|key| !report.is_touched(*key)));
        }
    }
    edits::set_on_requests(keys.into_iter(), report);
}
