//! A request's head, from the types of `http` to the field list that the pipeline works on.

use http::request::Parts;
use http1::Rule;

use super::side::ServiceClient;
use crate::incoming::Incoming;

/// Writes the head of a request into `incoming`. Framing follows from the body that `client` holds.
///
/// # Errors
/// The rule that a field breaks.
pub(super) fn write<B>(parts: &Parts, client: &ServiceClient<B>, incoming: &mut Incoming) -> Result<(), Rule>
where
    B: http_body::Body,
{
    let Incoming { head, bytes, .. } = incoming;
    let bytes = bytes.appender();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    head.begin(bytes, parts.method.as_str().as_bytes(), target.as_bytes())?;
    let host = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    if let Some(host) = host {
        head.lines_mut().push(bytes, b"host", host)?;
    }
    for (name, value) in &parts.headers {
        let is_ours =
            matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection" | "upgrade");
        let is_host = host.is_some() && name == http::header::HOST;
        if !is_ours && !is_host {
            head.lines_mut().push(bytes, name.as_str().as_bytes(), value.as_bytes())?;
        }
    }
    match client.body_length() {
        Some(0) => Ok(()),
        Some(length) => head.lines_mut().push(bytes, b"content-length", length.to_string().as_bytes()),
        None => head.lines_mut().push(bytes, b"transfer-encoding", b"chunked"),
    }
}
