//! Where in the document the engine's refusals have their cause.

use config::Document;
use proxy_core::BuildError;

/// The path of the value that an error is about, as near as the error tells.
pub(super) fn path(document: &Document, error: &BuildError) -> String {
    match error {
        BuildError::RouteRepeated { id } => format!("{}.id", route(document, id)),
        BuildError::UpstreamUnknown { route: id, .. }
        | BuildError::Status { route: id, .. }
        | BuildError::Field { route: id, .. }
        | BuildError::Prefix { route: id } => route(document, id),
        BuildError::Split { route: id } => format!("{}.upstreams", route(document, id)),
        BuildError::Host { upstream: name } => format!("{}.hostHeader", upstream(document, name)),
        BuildError::Gate { name } => gate(document, name),
        BuildError::UpstreamRepeated { .. } | BuildError::BackendRepeated { .. } => "upstreams".into(),
        _ => "routes".into(),
    }
}

fn route(document: &Document, id: &str) -> String {
    let index = document.routes.iter().position(|route| route.id == id);
    index.map_or_else(|| "routes".into(), |index| format!("routes[{index}]"))
}

fn upstream(document: &Document, name: &str) -> String {
    let index = document.upstreams.iter().position(|upstream| upstream.name == name);
    index.map_or_else(|| "upstreams".into(), |index| format!("upstreams[{index}]"))
}

/// A limit belongs to an upstream or a route, and the error does not tell which of two that share a name: the one that
/// has a limit is meant.
fn gate(document: &Document, name: &str) -> String {
    let is_upstream = document
        .upstreams
        .iter()
        .any(|upstream| upstream.name == name && upstream.max_requests != config::Limit::Off);
    if is_upstream {
        format!("{}.maxRequests", upstream(document, name))
    } else {
        format!("{}.reqActiveLength", route(document, name))
    }
}

#[cfg(test)]
mod tests;
