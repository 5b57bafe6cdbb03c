//! Answers for what no handler is for.

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use http_body::Body as _;

use crate::problem::Problem;

/// Has a router answer as the rest of the API does where no path matches, or a path and not its method.
pub fn with_fallbacks<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

/// 404: nothing is at this path.
pub async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "nothing is at this path")
}

/// 405: there is something at this path, but not for this method. The router adds `Allow`.
pub async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path has other methods, which `Allow` names",
    )
}

/// Tells an error in the words of the API where a router answered with a status alone.
pub(super) fn told(response: Response) -> Response {
    let status = response.status();
    let is_bare = response.body().is_end_stream() && !response.headers().contains_key(header::CONTENT_TYPE);
    if !is_bare || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "nothing is at this path"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "this path has other methods, which `Allow` names")
        }
        _ => ("error", "the request failed"),
    };
    let (bare, _) = response.into_parts();
    let mut response = Problem::new(status, code, detail).into_response();
    for (name, value) in &bare.headers {
        if name != header::CONTENT_LENGTH {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    *response.extensions_mut() = bare.extensions;
    response
}
