//! From what `httparse` stumbled over to the rule that the bytes break. Only what is refused comes here.

use httparse::Error;

use crate::Rule;
use crate::token::is_token;

/// The rule that a request broke.
#[cold]
pub(crate) fn of_request(error: Error, window: &[u8]) -> Rule {
    match error {
        Error::Version if request_version_at(window).is_some() => Rule::Version,
        Error::Version | Error::Token | Error::Status => Rule::StartLine,
        // A CR without LF: in the request line, or where a field or the final empty line begins.
        Error::NewLine if !is_request_line_whole(window) => Rule::StartLine,
        Error::NewLine | Error::HeaderValue => Rule::FieldValue,
        Error::HeaderName => name_rule(window),
        Error::TooManyHeaders => Rule::TooManyFields,
    }
}

/// The rule that a response broke.
#[cold]
pub(crate) fn of_response(error: Error, window: &[u8]) -> Rule {
    match error {
        Error::Version if is_version(window.split(|byte| *byte == b' ').next().unwrap_or_default()) => {
            Rule::Version
        }
        Error::Version | Error::Token => Rule::StartLine,
        Error::Status => Rule::Status,
        Error::NewLine | Error::HeaderValue => Rule::FieldValue,
        Error::HeaderName => name_rule(window),
        Error::TooManyHeaders => Rule::TooManyFields,
    }
}

/// The request with its version read as HTTP/1.1, where that is HTTP/1.2 to HTTP/1.9. RFC 9110 section 2.5:
/// a higher minor version is read as the highest that is known.
#[cold]
pub(crate) fn request_as_1_1(window: &[u8]) -> Option<Vec<u8>> {
    as_1_1(window, request_version_at(window)?)
}

/// The same for a response.
#[cold]
pub(crate) fn response_as_1_1(window: &[u8]) -> Option<Vec<u8>> {
    as_1_1(window, 0)
}

fn as_1_1(window: &[u8], version_at: usize) -> Option<Vec<u8>> {
    let digit_at = version_at + b"HTTP/1.".len();
    let version = window.get(version_at..=digit_at)?;
    if !version.starts_with(b"HTTP/1.") || !matches!(version.last(), Some(b'2'..=b'9')) {
        return None;
    }
    let mut copy = window.to_vec();
    *copy.get_mut(digit_at)? = b'1';
    Some(copy)
}

/// The first line that is not empty, without its end, and where it begins.
fn request_line(window: &[u8]) -> (usize, &[u8]) {
    let start = window.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(window.len());
    let line = window.get(start..).unwrap_or_default();
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    (start, line.strip_suffix(b"\r").unwrap_or(line))
}

/// Where the version stands in a line of three words.
fn request_version_at(window: &[u8]) -> Option<usize> {
    let (start, line) = request_line(window);
    let (first, version) = line.split_last_chunk::<8>()?;
    let has_three_words =
        first.last() == Some(&b' ') && line.iter().filter(|byte| **byte == b' ').count() == 2;
    (has_three_words && is_version(version)).then_some(start + first.len())
}

fn is_request_line_whole(window: &[u8]) -> bool {
    let (start, line) = request_line(window);
    let has_odd_cr = line.contains(&b'\r') || window.get(..start).unwrap_or_default().ends_with(b"\r");
    request_version_at(window).is_some() && !has_odd_cr
}

/// True for a version of HTTP, served or not. RFC 9112 section 2.3.
fn is_version(word: &[u8]) -> bool {
    match word.strip_prefix(b"HTTP/") {
        Some([major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}

/// A line that begins with space is a field folded into the one before, if there is one. RFC 9112 section 5.2.
fn name_rule(window: &[u8]) -> Rule {
    let start = window.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(window.len());
    let lines = window.get(start..).unwrap_or_default().split(|byte| *byte == b'\n').skip(1);
    for (index, line) in lines.enumerate() {
        if index > 0 && matches!(line.first(), Some(b' ' | b'\t')) {
            return Rule::FieldValue;
        }
        if !is_token(line.split(|byte| *byte == b':').next().unwrap_or_default()) {
            break;
        }
    }
    Rule::FieldName
}
