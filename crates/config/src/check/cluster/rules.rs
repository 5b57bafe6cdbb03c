//! Rules of the clustered proxy: each has a beginning of paths, and upstreams that there are.

use super::{needs, refuse_empty};
use crate::{
    Url,
    check::route::{prefix_form, reference},
    dialect::{Cluster, is_normal},
    report::{At, Report},
};
use std::collections::{HashMap, HashSet};

pub(super) fn check(cluster: &Cluster, at: At<'_>, report: &mut Report<'_>) {
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
            // Without any upstream, that is what is wrong.
            if !self.ids.is_empty() {
                reference(id, at, &self.ids, report);
            }
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
