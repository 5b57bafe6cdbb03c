//! What goes with what connections carry.

use crate::{
    Document, Listener, Mode,
    check::route::reference,
    report::{At, Report},
};
use std::collections::HashSet;

pub(super) fn check(
    listener: &Listener,
    at: At<'_>,
    (document, upstreams, routes): (&Document, &HashSet<&str>, Option<At<'_>>),
    report: &mut Report<'_>,
) {
    if at.get("mode").is_some_and(|mode| report.is_touched(mode)) {
        return;
    }
    match (listener.mode, at.get("upstream")) {
        (Mode::Http, Some(upstream)) => {
            let hint = "write `mode: tcp` beside it, or remove it: routes say where requests go";
            report.add(upstream.id, "an `upstream` belongs to listeners with `mode: tcp`", Some(hint.into()));
        }
        (Mode::Tcp, Some(at)) => {
            if let Some(name) = &listener.upstream {
                reference(name, at, upstreams, report);
            }
        }
        (Mode::Tcp, None) => by_name(at, document, routes, report),
        (Mode::Http, None) => {}
    }
}

/// Where connections without an upstream go is told by their server names.
fn by_name(at: At<'_>, document: &Document, routes: Option<At<'_>>, report: &mut Report<'_>) {
    if let Some(tls) = at.get("tls") {
        let hint = "name one, or remove `tls`: what is passed on by its server name stays encrypted";
        report.add(tls.id, "where TLS ends with `mode: tcp`, an `upstream` is needed", Some(hint.into()));
        return;
    }
    let is_unsure = routes.is_some_and(|routes| report.is_touched(routes));
    if !is_unsure && document.routes.iter().all(|route| route.mode != Mode::Tcp) {
        let message =
            "no connection would be passed on: there is neither an `upstream` nor a route with `mode: tcp`";
        let hint = "name an `upstream` here, or write routes with `mode: tcp` for the server names";
        report.add(at.key("mode").id, message, Some(hint.into()));
    }
}
