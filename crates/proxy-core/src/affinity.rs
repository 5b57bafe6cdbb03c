//! What a request has in common with others: the key that strategies hash, and the cookie that keeps a client.

use std::fmt;
use std::fmt::Write as _;
use std::net::IpAddr;

use http1::Name;
use lb_strategies::hash_of;

use crate::client::Facts;
use crate::incoming::Incoming;
use crate::spec::{Affinity, Sticky};

/// Where the key of a request is found.
#[derive(Debug)]
pub(crate) struct AffinityOf(Affinity);

impl AffinityOf {
    pub(crate) fn compile(affinity: &Affinity) -> Self {
        Self(match affinity {
            Affinity::Header(name) => Affinity::Header(name.to_ascii_lowercase()),
            other => other.clone(),
        })
    }

    /// The request's key; `None` where it has none.
    pub(crate) fn key(&self, incoming: &Incoming, facts: &Facts) -> Option<u64> {
        match &self.0 {
            Affinity::ClientIp => Some(of_address(incoming.admitted.client.unwrap_or(facts.peer))),
            Affinity::Header(name) => incoming.fields().all_named(name).next().map(hash_of),
            Affinity::Cookie(name) => cookie(incoming, name.as_bytes()).map(hash_of),
            Affinity::Query(name) => parameter(incoming.query()?, name.as_bytes()).map(hash_of),
            Affinity::Path => Some(hash_of(&incoming.path)),
            Affinity::Uri => Some(match incoming.query() {
                // Each is hashed by itself, so that nothing has to be put together.
                Some(query) => hash_of(&incoming.path).rotate_left(1) ^ hash_of(query),
                None => hash_of(&incoming.path),
            }),
        }
    }
}

/// The key of a client's address.
pub(crate) fn of_address(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => hash_of(&address.octets()),
        IpAddr::V6(address) => hash_of(&address.octets()),
    }
}

/// The value of the first cookie of that name. RFC 6265 section 4.2.1.
fn cookie<'a>(incoming: &'a Incoming, name: &[u8]) -> Option<&'a [u8]> {
    let pairs = incoming.fields().all(Name::Cookie).flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.map(<[u8]>::trim_ascii).find_map(|pair| value_of(pair, name)).map(|value| {
        let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        inner.unwrap_or(value)
    })
}

fn parameter<'a>(query: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    query.split(|byte| *byte == b'&').find_map(|pair| value_of(pair, name))
}

fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    pair.strip_prefix(name)?.strip_prefix(b"=")
}

/// A sticky cookie, ready to be read and written.
pub(crate) struct Cookie {
    name: Box<[u8]>,
    attributes: String,
    secure: Option<bool>,
    secret: Box<[u8]>,
}

/// Without the secret.
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie").field("attributes", &self.attributes).finish_non_exhaustive()
    }
}

impl Cookie {
    pub(crate) fn compile(sticky: &Sticky) -> Self {
        let mut attributes = format!("; Path={}", sticky.path);
        if let Some(domain) = &sticky.domain {
            let _ = write!(attributes, "; Domain={domain}");
        }
        if let Some(ttl) = sticky.ttl {
            let _ = write!(attributes, "; Max-Age={}", ttl.as_secs());
        }
        if sticky.http_only {
            attributes.push_str("; HttpOnly");
        }
        if !sticky.same_site.is_empty() {
            let _ = write!(attributes, "; SameSite={}", sticky.same_site);
        }
        Self {
            name: sticky.cookie.as_bytes().into(),
            attributes,
            secure: sticky.secure,
            secret: sticky.secret.as_slice().into(),
        }
    }

    /// The token that the client's cookie holds; `None` where there is none, or none of ours.
    pub(crate) fn token(&self, incoming: &Incoming) -> Option<u64> {
        if !incoming.head.present().contains(Name::Cookie) {
            return None;
        }
        let value = cookie(incoming, &self.name)?;
        let is_ours = value.len() == 16 && value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_ours { u64::from_str_radix(std::str::from_utf8(value).ok()?, 16).ok() } else { None }
    }

    /// The token of a backend or an upstream.
    pub(crate) fn token_of(&self, scope: &str, id: &str) -> u64 {
        lb_strategies::token_of(&self.secret, scope, id)
    }

    /// Appends the field that has the client keep `token`.
    pub(crate) fn push(&self, token: u64, is_secure: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Set-Cookie: ");
        out.extend_from_slice(&self.name);
        out.extend_from_slice(format!("={token:016x}{}", self.attributes).as_bytes());
        if self.secure.unwrap_or(is_secure) {
            out.extend_from_slice(b"; Secure");
        }
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests;
