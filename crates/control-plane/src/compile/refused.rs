//! Where in the document the engine's refusals have their cause.

use config::Document;
use proxy_core::BuildError;

/// The path of the value that an error is about, as near as the error tells.
pub(super) fn path(document: &Document, error: &BuildError) -> String {
    let route = |id: &str| {
        let index = document.routes.iter().position(|route| route.id == id);
        index.map_or_else(|| "routes".into(), |index| format!("routes[{index}]"))
    };
    match error {
        BuildError::RouteRepeated { id } => format!("{}.id", route(id)),
        BuildError::UpstreamUnknown { route: id, .. }
        | BuildError::Status { route: id, .. }
        | BuildError::Field { route: id, .. }
        | BuildError::Prefix { route: id } => route(id),
        BuildError::UpstreamRepeated { .. } | BuildError::BackendRepeated { .. } => "upstreams".into(),
        _ => "routes".into(),
    }
}
