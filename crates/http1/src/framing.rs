//! How long a body is. RFC 9112 section 6.

use crate::number::decimal;
use crate::short::Short;
use crate::{Lines, Method, Name, RequestHead, ResponseHead, Rule, Version};

static CHUNKED: Short = Short::of(b"chunked");

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BodyLength {
    /// There is no body.
    #[default]
    None,
    /// It has that many bytes.
    Bytes(u64),
    /// It comes in chunks.
    Chunked,
    /// It ends with the connection. Responses only.
    UntilClose,
}

impl BodyLength {
    /// True where no byte of a body comes: there is none, or it says so with a length of 0.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::None | Self::Bytes(0))
    }
}

/// The length of a request's body. RFC 9112 section 6.3.
///
/// # Errors
/// Everything that two parsers could read differently: Transfer-Encoding beside Content-Length, in HTTP/1.0,
/// twice, or other than `chunked`; Content-Length twice, or not one decimal number below 2^63.
#[inline]
pub fn of_request(head: &RequestHead, bytes: &[u8]) -> Result<BodyLength, Rule> {
    declared(head.lines(), head.version(), bytes).map(|length| length.unwrap_or_default())
}

/// The length of the body of the response to a request of method `method`. RFC 9112 section 6.3.
///
/// # Errors
/// As [`of_request`]. Where there can be no body (HEAD, 1xx, 204, 304) fields that frame one are judged all
/// the same, so that nothing ambiguous is passed on.
#[inline]
pub fn of_response(head: &ResponseHead, method: Method, bytes: &[u8]) -> Result<BodyLength, Rule> {
    let declared = declared(head.lines(), head.version(), bytes)?;
    if method == Method::Head || matches!(head.status(), 100..=199 | 204 | 304) {
        return Ok(BodyLength::None);
    }
    Ok(declared.unwrap_or(BodyLength::UntilClose))
}

#[inline]
fn declared(lines: &Lines, version: Version, bytes: &[u8]) -> Result<Option<BodyLength>, Rule> {
    let (present, repeated) = (lines.present(), lines.repeated());
    if present.contains(Name::TransferEncoding) {
        return chunked(lines, version, bytes).map(|()| Some(BodyLength::Chunked));
    }
    if repeated.contains(Name::ContentLength) {
        return Err(Rule::ContentLengthRepeated);
    }
    match lines.first(Name::ContentLength, bytes) {
        None => Ok(None),
        Some(value) => {
            decimal(value).map(|length| Some(BodyLength::Bytes(length))).ok_or(Rule::ContentLength)
        }
    }
}

/// Transfer-Encoding must be `chunked` and nothing else: any other spelling is one that another parser could
/// pass over. RFC 9112 section 6.1.
fn chunked(lines: &Lines, version: Version, bytes: &[u8]) -> Result<(), Rule> {
    if version == Version::Http10 {
        return Err(Rule::CodingInHttp10);
    }
    if lines.present().contains(Name::ContentLength) {
        return Err(Rule::LengthAndCoding);
    }
    if lines.repeated().contains(Name::TransferEncoding) {
        return Err(Rule::TransferEncoding);
    }
    let value = lines.first(Name::TransferEncoding, bytes).unwrap_or_default();
    if CHUNKED.is(value) {
        return Ok(());
    }
    let names_another = [&b"gzip"[..], b"x-gzip", b"deflate", b"compress", b"x-compress"]
        .iter()
        .any(|coding| crate::token::list(value).any(|member| member.eq_ignore_ascii_case(coding)));
    Err(if names_another { Rule::TransferCoding } else { Rule::TransferEncoding })
}

#[cfg(test)]
mod tests;
