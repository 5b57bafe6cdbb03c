//! The head of a request, from a client that speaks HTTP/2 to the field list that the pipeline works on.

use http::header::HOST;
use http::request::Parts;
use http1::{Limits, Rule};

use super::fields;
use super::websocket;
use crate::incoming::Incoming;

/// Writes the head of a request into `incoming`; `is_over` where no body follows it. Extended CONNECT becomes the
/// upgrade that it stands for in HTTP/1.1. RFC 8441 section 4.
///
/// # Errors
/// The rule that the request breaks.
pub(super) fn write(
    parts: &Parts,
    is_over: bool,
    limits: &Limits,
    incoming: &mut Incoming,
) -> Result<(), Rule> {
    let protocol = parts.extensions.get::<h2::ext::Protocol>().map(h2::ext::Protocol::as_str);
    if protocol.is_some_and(|protocol| !protocol.eq_ignore_ascii_case("websocket")) {
        // RFC 9220 section 3 says how: with 501.
        return Err(Rule::Protocol);
    }
    begin(parts, protocol.is_some(), limits, incoming)?;
    let Incoming { head, bytes, .. } = incoming;
    let bytes = bytes.appender();
    push_host(parts, head.lines_mut(), bytes)?;
    let found = fields::push(&parts.headers, limits.fields, head.lines_mut(), bytes)?;
    let lines = head.lines_mut();
    match protocol {
        // RFC 9110 section 9.3.6: it has no content, and what goes through a tunnel has no length.
        Some(_) if found.has_length => Err(Rule::ContentLength),
        Some(protocol) => {
            lines.push(bytes, b"connection", b"upgrade")?;
            lines.push(bytes, b"upgrade", protocol.as_bytes())?;
            // RFC 8441 section 5: it has no key there, and RFC 6455 section 4.1 demands one.
            let key = websocket::key();
            lines.drop_named(b"sec-websocket-key", bytes);
            lines.push(bytes, b"sec-websocket-key", &key)?;
            incoming.accept = Some(websocket::accept(&key));
            Ok(())
        }
        // RFC 9113 section 8.1.1: who announces a body and sends none has sent half a request.
        None if is_over && found.announces_body => Err(Rule::Incomplete),
        None if is_over || found.has_length => Ok(()),
        None => lines.push(bytes, b"transfer-encoding", b"chunked"),
    }
}

fn begin(parts: &Parts, is_extended: bool, limits: &Limits, incoming: &mut Incoming) -> Result<(), Rule> {
    let target = match parts.uri.path_and_query() {
        Some(target) => target.as_str(),
        // RFC 9113 section 8.5: CONNECT has an authority alone.
        None => parts.uri.authority().map(http::uri::Authority::as_str).ok_or(Rule::Target)?,
    };
    if target.len() > limits.target {
        return Err(Rule::TargetTooLong);
    }
    let method = if is_extended { "GET" } else { parts.method.as_str() };
    // RFC 9113 section 8.3.1: `:path` begins with `/`; `*` is for OPTIONS alone, which admission knows.
    if method != "CONNECT" && !target.starts_with('/') && target != "*" {
        return Err(Rule::Target);
    }
    // RFC 9113 section 8.3.1. `h2` keeps a scheme beside an authority only.
    if parts.uri.scheme_str().is_some_and(|scheme| !matches!(scheme, "http" | "https")) {
        return Err(Rule::TargetScheme);
    }
    let Incoming { head, bytes, .. } = incoming;
    head.begin(bytes.appender(), method.as_bytes(), target.as_bytes())
}

/// RFC 9113 section 8.3.1: `:authority` is what Host says in HTTP/1.1, and they never say two things.
fn push_host(parts: &Parts, lines: &mut http1::Lines, bytes: &mut Vec<u8>) -> Result<(), Rule> {
    let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    let mut hosts = parts.headers.get_all(HOST).iter().map(http::HeaderValue::as_bytes);
    let Some(authority) = authority else {
        return hosts.try_for_each(|host| lines.push(bytes, b"host", host));
    };
    if hosts.any(|host| !host.eq_ignore_ascii_case(authority)) {
        return Err(Rule::HostRepeated);
    }
    lines.push(bytes, b"host", authority)
}

#[cfg(test)]
mod tests;
