//! What an intermediary has to know of gRPC: which requests are calls, how long one may take, and how it is told that
//! it failed. Source: the protocol's own description, "gRPC over HTTP2", and its list of status codes.

use std::time::Duration;

use crate::reason::Reason;

/// True where a message of this media type belongs to a call.
pub(crate) fn is_call(content_type: &[u8]) -> bool {
    const TYPE: &[u8] = b"application/grpc";
    let Some((start, rest)) = content_type.split_at_checked(TYPE.len()) else { return false };
    // `application/grpc-web` is another protocol, whose errors look otherwise.
    start.eq_ignore_ascii_case(TYPE) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}

/// The time that `grpc-timeout` gives a call; `None` where it is malformed: at most eight digits and a unit.
pub(crate) fn timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(count * 3600),
        b'M' => Duration::from_secs(count * 60),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return None,
    })
}

/// The status that tells a call's client of a failure of ours.
pub(crate) const fn status_of(reason: Reason) -> u8 {
    status_of_http(reason.status())
}

/// The status that tells a call's client of an HTTP status of ours, or of a guard's.
pub(crate) const fn status_of_http(status: u16) -> u8 {
    match status {
        401 => UNAUTHENTICATED,
        403 => PERMISSION_DENIED,
        404 | 405 | 501 => UNIMPLEMENTED,
        408 | 504 => DEADLINE_EXCEEDED,
        413 | 414 | 429 | 431 => RESOURCE_EXHAUSTED,
        502 | 503 | 508 => UNAVAILABLE,
        _ => INTERNAL,
    }
}

/// True where a call's status tells that the backend failed or was too busy, and not that the call was wrong: those
/// that linkerd2-proxy counts.
pub(crate) fn is_failure(status: &[u8]) -> bool {
    matches!(status, b"2" | b"4" | b"8" | b"13" | b"14" | b"15")
}

const DEADLINE_EXCEEDED: u8 = 4;
const PERMISSION_DENIED: u8 = 7;
const RESOURCE_EXHAUSTED: u8 = 8;
const UNIMPLEMENTED: u8 = 12;
const INTERNAL: u8 = 13;
const UNAVAILABLE: u8 = 14;
const UNAUTHENTICATED: u8 = 16;

/// Appends `text` as grpc-message has it: what is not printable ASCII, and `%`, is percent-encoded.
pub(crate) fn push_message(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            out.push(byte);
        } else {
            out.push(b'%');
            for digit in [byte >> 4, byte & 15] {
                out.extend(
                    char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase() as u8),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
