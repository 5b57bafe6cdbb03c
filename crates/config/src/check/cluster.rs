//! The clustered proxy's configuration: what it must have, and what its rules may name.

use super::{
    bounds, edits,
    names::Names,
    route::{prefix_form, reference},
};
use crate::{
    Url,
    dialect::{Cluster, SERVER, is_normal},
    document::INLINE,
    report::{At, Report},
};
use std::collections::{HashMap, HashSet};

/// Checks what was read; `root` is the whole file.
pub(crate) fn check(cluster: &Cluster, root: At<'_>, report: &mut Report<'_>) {
    // What is no map has been reported.
    let is_map = |at: &At<'_>| !at.tree.entries(at.id).is_empty() || !report.is_touched(*at);
    let Some(at) = root.get(SERVER).filter(is_map) else { return };
    bounds::check(cluster, "server.", at, report);
    needs(at, "listen", "`server` needs a `listen`", "write a port, or host:port", report);
    upstreams(cluster, at, report);
    headers(at, report);
    rules(cluster, at, report);
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

fn rules(cluster: &Cluster, at: At<'_>, report: &mut Report<'_>) {
    let known = Known::new(cluster, at);
    let hint = "list which paths go where, each with `path` and `upstreams`";
    let Some(list) = needs(at, "rules", "`server` needs `rules`", hint, report) else { return };
    refuse_empty(list, "`server` needs at least one rule", report);
    for at in list.items() {
        let hint = "write what the paths begin with; `/` is all";
        let path = needs(at, "path", "a rule needs a `path`", hint, report);
        if let Some(path) = path.filter(|path| !report.is_touched(*path)) {
            prefix(path, report);
        }
        let hint = "list the ids of upstreams";
        let Some(list) = needs(at, "upstreams", "a rule needs `upstreams`", hint, report) else { continue };
        refuse_empty(list, "a rule's `upstreams` need at least one", report);
        known.check(list, report);
    }
}

/// The beginning of paths.
fn prefix(at: At<'_>, report: &mut Report<'_>) {
    let Some(path) = at.text() else { return };
    if let Err(message) = prefix_form(path) {
        let hint = match path.strip_suffix('*') {
            _ if !path.starts_with('/') => Some(format!("write /{path}")),
            Some(prefix) => Some(format!("write {prefix}, which stands for every rest")),
            None => None,
        };
        report.add(at.id, message, hint);
    } else if path.ends_with('/') && !is_normal(path) {
        let message = format!("no request's path begins with `{path}`, as paths are in their normal form");
        let hint = "leave out empty and dot segments; percent-encode in upper case, and only what must be";
        report.add(at.id, message, Some(hint.into()));
    }
}

/// What rules can name.
struct Known<'t> {
    /// The ids of all upstreams, also of those that have errors, so that one error does not make more.
    ids: HashSet<&'t str>,
    /// Whether the upstream of an id is reached over TLS.
    tls: HashMap<&'t str, bool>,
}

impl<'t> Known<'t> {
    fn new(cluster: &'t Cluster, at: At<'t>) -> Self {
        let list = at.key("upstreams");
        let items = list.tree.items(list.id).iter();
        let ids = items.filter_map(|item| at.tree.text(at.tree.get(*item, "id")?)).collect();
        let has_tls = |url: &Url| matches!(url, Url::Https { .. });
        let upstreams = cluster.upstreams.iter();
        let tls = upstreams.filter_map(|one| Some((one.id.as_str(), has_tls(one.url.as_ref()?)))).collect();
        Self { ids, tls }
    }

    /// Checks the upstreams of a rule.
    fn check(&self, list: At<'_>, report: &mut Report<'_>) {
        let mut first: Option<(&str, bool)> = None;
        for at in list.items() {
            let Some(id) = at.text() else { continue };
            reference(id, at, &self.ids, report);
            match (first, self.tls.get(id)) {
                (None, Some(tls)) => first = Some((id, *tls)),
                (Some((other, other_tls)), Some(tls)) if *tls != other_tls => {
                    let message =
                        format!("`{id}` and `{other}` cannot share a rule: one has TLS, one has not");
                    report.add(at.id, message, Some("give both the same scheme, or a rule each".into()));
                }
                _ => {}
            }
        }
    }
}
