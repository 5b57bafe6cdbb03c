//! What a request's head may look like, whoever sends it.

#[cfg(test)]
mod tests;

use http::{Method, StatusCode, Uri};

use crate::caller::Role;
use crate::problem::Problem;

/// The longest path and query, in bytes.
const LONGEST_TARGET: usize = 8 * 1024;

/// Refuses targets that are none of this API's, and those that are too long.
pub(crate) fn check(method: &Method, uri: &Uri) -> Result<(), Problem> {
    if uri.path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_TARGET) {
        return Err(Problem::new(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            format!("a path and its query have {LONGEST_TARGET} bytes at the most"),
        ));
    }
    let is_web = uri.scheme_str().is_none_or(|scheme| matches!(scheme, "http" | "https"));
    // RFC 9112 section 3.2: `*` is for OPTIONS, and an authority alone for CONNECT.
    if !uri.path().starts_with('/') || !is_web || method == Method::CONNECT {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_target",
            "a request is for a path of this server",
        ));
    }
    Ok(())
}

/// What a caller has to be allowed for a method: to look is for those that are safe, RFC 9110 section 9.2.1.
pub(crate) fn role_for(method: &Method) -> Role {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) { Role::Read } else { Role::Write }
}
