//! ADMIT: the HTTP policy. Pure: a head goes in; what it means, or the rule that it breaks, comes out.

use std::net::IpAddr;
use std::ops::Range;

use http1::framing::{self, BodyLength};
use http1::target::{Authority, Target};
use http1::token::list;
use http1::{Name, NameSet, Rule, Version, connection};

use crate::deadline::Ticks;
use crate::forwarded::client_address;
use crate::grpc;
use crate::incoming::Incoming;
use crate::path::normalise;
use crate::reason::Reason;
use crate::snapshot::Compiled;

/// Names that most requests do not carry, looked into only where one of them is there.
const RARE: NameSet =
    NameSet::of(&[Name::Expect, Name::Upgrade, Name::Te, Name::MaxForwards, Name::ContentType]);

/// Judges the head of `incoming`, and notes in it what the rest of the line needs.
///
/// # Errors
/// The reason that the request is answered with; the connection is to be closed then, since what follows on it
/// cannot be told apart.
#[inline]
pub(crate) fn admit(incoming: &mut Incoming, connection: IpAddr, settings: &Compiled) -> Result<(), Reason> {
    rules(incoming)?;
    identity(incoming, connection, settings);
    Ok(())
}

fn rules(incoming: &mut Incoming) -> Result<(), Reason> {
    let Incoming { head, bytes, admitted, host, path, .. } = incoming;
    let bytes = bytes.unread();
    admitted.body = framing::of_request(head, bytes).map_err(Reason::BadRequest)?;
    admitted.options = connection::apply(head.lines_mut(), bytes).map_err(Reason::BadRequest)?;

    let target = Target::parse(head.target(bytes), head.method()).map_err(Reason::BadRequest)?;
    admitted.query = target.query.map(|query| range_in(bytes, query));
    admitted.is_asterisk = target.path == b"*";
    if admitted.is_asterisk {
        path.clear();
        path.push(b'/');
    } else {
        keep_path(target.path, path)?;
    }

    if head.lines().repeated().contains(Name::Host) {
        return Err(Reason::BadRequest(Rule::HostRepeated));
    }
    let given = head.first(Name::Host, bytes);
    if given.is_none() && head.version() == Version::Http11 {
        return Err(Reason::BadRequest(Rule::HostMissing));
    }
    // Both are judged, even where the target's authority is the one that counts. RFC 9112 section 3.2.2.
    let of_host = given.map(Authority::parse).transpose().map_err(Reason::BadRequest)?;
    let of_target = target.authority.map(Authority::parse).transpose().map_err(Reason::BadRequest)?;
    admitted.is_absolute = of_target.is_some();
    let text = target.authority.or(given);
    admitted.authority = text.map(|text| range_in(bytes, text)).unwrap_or_default();
    host.clear();
    if let Some(authority) = of_target.or(of_host) {
        admitted.port = authority.port;
        host.extend_from_slice(authority.host.strip_suffix(b".").unwrap_or(authority.host));
        host.make_ascii_lowercase();
    }
    if head.present().intersects(RARE) {
        rare(incoming).map_err(Reason::BadRequest)?;
    }
    Ok(())
}

/// Keeps the one path that policy, routing and forwarding all go by.
fn keep_path(raw: &[u8], path: &mut Vec<u8>) -> Result<(), Reason> {
    let is_normal = std::ptr::eq(normalise(raw, path).map_err(Reason::BadPath)?, raw);
    if is_normal {
        path.clear();
        path.extend_from_slice(raw);
    }
    Ok(())
}

fn rare(incoming: &mut Incoming) -> Result<(), Rule> {
    let Incoming { head, bytes, admitted, .. } = incoming;
    let bytes = bytes.unread();
    let is_http11 = head.version() == Version::Http11;
    if let Some(value) = head.first(Name::Expect, bytes)
        && is_http11
    {
        // RFC 9110 section 10.1.1: another expectation may be answered with 417.
        if head.lines().repeated().contains(Name::Expect) || !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Rule::Expect);
        }
        admitted.expects_continue = admitted.body != BodyLength::None;
    }
    if admitted.options.upgrade && is_http11 {
        let value = head.first(Name::Upgrade, bytes).unwrap_or_default();
        // RFC 9113 section 3.1: h2c by upgrade is gone; the request is served as it stands.
        let is_old = list(value).any(|protocol| protocol.eq_ignore_ascii_case(b"h2c"));
        admitted.wants_upgrade = !value.is_empty() && !is_old && admitted.body.is_empty();
        if admitted.wants_upgrade {
            // Also where it says 0: what came of the end of its body would be the end of the tunnel.
            admitted.body = BodyLength::None;
        }
    }
    let te = head.first(Name::Te, bytes).unwrap_or_default();
    admitted.takes_trailers = list(te).any(|coding| coding.eq_ignore_ascii_case(b"trailers"));
    if head.first(Name::ContentType, bytes).is_some_and(grpc::is_call) {
        admitted.is_call = true;
        let mut timeouts = head.fields(bytes).all_named("grpc-timeout");
        admitted.call_timeout = timeouts.next().and_then(grpc::timeout).map(Ticks::of);
    }
    if let Some(value) = head.first(Name::MaxForwards, bytes) {
        let text =
            std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = text.and_then(|text| text.parse().ok()).ok_or(Rule::MaxForwards)?;
        admitted.max_forwards = Some(number);
    }
    Ok(())
}

/// Whose request it is: the connection's address, or what trusted proxies say.
#[inline]
fn identity(incoming: &mut Incoming, connection: IpAddr, settings: &Compiled) {
    incoming.admitted.is_trusted = settings.trusted.contains(connection);
    let client = if incoming.admitted.is_trusted && incoming.head.present().contains(Name::XForwardedFor) {
        client_address(connection, incoming.fields().all(Name::XForwardedFor), &settings.trusted).ip
    } else {
        connection
    };
    incoming.admitted.client = Some(client);
}

/// Where `part`, a slice of `bytes`, stands in them.
fn range_in(bytes: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
    if start > bytes.len() { 0..0 } else { start..start + part.len() }
}

#[cfg(test)]
mod tests;
