//! What a body may be. A form of a page elsewhere can send text, but not JSON, without being asked for leave first.

#[cfg(test)]
mod tests;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode};

use crate::problem::Problem;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Refuses a body that is neither JSON nor, for PATCH, a merge patch (RFC 7396), and one that announces more than `max` bytes.
pub(crate) fn check(method: &Method, fields: &HeaderMap, max: usize) -> Result<(), Problem> {
    let mut encodings = fields.get_all(CONTENT_ENCODING).iter();
    if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(unsupported("a body is sent as it is, without a content encoding")
            .field(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    let mut types = fields.get_all(CONTENT_TYPE).iter();
    let media = match (types.next(), types.next()) {
        (Some(one), None) => one.to_str().ok().map(essence),
        _ => None,
    };
    let is_patch = method == Method::PATCH;
    let is_known =
        |media: &str| media.eq_ignore_ascii_case(JSON) || is_patch && media.eq_ignore_ascii_case(MERGE_PATCH);
    if !media.is_some_and(is_known) {
        // RFC 9110 section 15.5.16: what would have been taken.
        return Err(if is_patch {
            unsupported("the content type of a PATCH is application/merge-patch+json or application/json")
                .field(ACCEPT, HeaderValue::from_static("application/merge-patch+json, application/json"))
        } else {
            unsupported("the content type of a body is application/json")
                .field(ACCEPT, HeaderValue::from_static(JSON))
        });
    }
    let announced = fields.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > max)) {
        return Err(too_large(max));
    }
    Ok(())
}

/// A body has more than `max` bytes.
pub(crate) fn too_large(max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("a body has {max} bytes at the most"),
    )
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

/// A media type without its parameters.
fn essence(value: &str) -> &str {
    value.split_once(';').map_or(value, |(essence, _)| essence).trim()
}
