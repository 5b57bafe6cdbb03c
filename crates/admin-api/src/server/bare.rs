//! What hyper answers by itself to a head that it cannot read: a status without a body. It is made into an answer like all
//! others.

#[cfg(test)]
mod tests;

use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::FutureExt;
use http::StatusCode;
use http::header::CONNECTION;
use http_body_util::BodyExt;

use super::exchange::dress;
use super::request_id::RequestId;
use crate::problem::Problem;

/// More than hyper writes by itself.
const LONGEST: usize = 256;

/// Where such an answer begins in what hyper writes, and its status. It is the last that hyper writes on a connection, and may
/// come right behind an answer of ours. No request is being answered when this is asked.
pub(super) fn find(written: &[u8]) -> Option<(usize, StatusCode)> {
    if !written.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail_at = written.len().saturating_sub(LONGEST);
    let tail = written.get(tail_at..)?;
    let at = tail.windows(7).rposition(|window| window == b"HTTP/1.")?;
    let head = std::str::from_utf8(tail.get(at..)?).ok()?;
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    // `HTTP/1.1 431 Request Header Fields Too Large`
    let status: StatusCode = lines.next()?.get(9..12)?.parse().ok()?;
    let is_its = |line: &str| {
        ["content-length: 0", "connection: close", "date: "].iter().any(|known| line.starts_with(known))
    };
    (status.is_client_error() && lines.all(is_its)).then_some((tail_at + at, status))
}

/// What is refused, by the status.
pub(super) fn problem(status: StatusCode) -> Problem {
    match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            Problem::new(status, "head_too_large", "a request's head has 64 KiB and 100 fields at the most")
        }
        StatusCode::URI_TOO_LONG => Problem::new(status, "uri_too_long", "the target is too long"),
        _ => Problem::new(StatusCode::BAD_REQUEST, "bad_request", "this is no request of HTTP/1.1"),
    }
}

/// All that is written in its place.
pub(super) fn answer(problem: Problem, id: &RequestId) -> Vec<u8> {
    let mut response = dress(problem.into_response(), id);
    response.headers_mut().insert(CONNECTION, http::HeaderValue::from_static("close"));
    let (parts, body) = response.into_parts();
    let body =
        body.collect().now_or_never().and_then(Result::ok).map_or(Bytes::new(), |body| body.to_bytes());
    let mut bytes = format!("HTTP/1.1 {}\r\ncontent-length: {}\r\n", parts.status, body.len()).into_bytes();
    for (name, value) in &parts.headers {
        if name != http::header::CONTENT_LENGTH {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
    }
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    bytes.extend(format!("date: {date}\r\n\r\n").into_bytes());
    bytes.extend_from_slice(&body);
    bytes
}
