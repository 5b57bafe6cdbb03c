//! The hosts that requests may be for, and where a browser may have sent them from: a page of another site must not reach the
//! control plane through its visitor's browser, by a name that it has pointed here or by a form.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use http::header::{HOST, HeaderName, ORIGIN};
use http::{HeaderMap, StatusCode, Uri};

use super::authority::{Authority, Host};
use crate::problem::Problem;

/// What a browser says of the page that a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Names beside loopback's and the address that a connection came in at.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    known: Vec<Authority>,
}

impl Hosts {
    /// The first of these that is no host is the error.
    pub(crate) fn new(hosts: &[String]) -> Result<Self, String> {
        let parse = |text: &String| Authority::parse(text).ok_or_else(|| text.clone());
        Ok(Self { known: hosts.iter().map(parse).collect::<Result<_, _>>()? })
    }

    /// Refuses a request for a host that is not here, and one that a page of another host sends.
    pub(crate) fn check(
        &self,
        uri: &Uri,
        fields: &HeaderMap,
        local: Option<SocketAddr>,
    ) -> Result<(), Problem> {
        let host = host(fields)?;
        // RFC 9112 section 3.2.2: the target's authority counts, not the field; here both have to be right.
        let target = match uri.authority() {
            Some(authority) => Some(Authority::parse(authority.as_str()).ok_or_else(bad_host)?),
            None => None,
        };
        for authority in std::iter::once(&host).chain(&target) {
            if !self.has(authority, local) {
                return Err(Problem::new(
                    StatusCode::MISDIRECTED_REQUEST,
                    "foreign_host",
                    "no such host is here; `admin.hosts` names those beside loopback and the listener's own address",
                ));
            }
        }
        check_origin(fields, target.as_ref().unwrap_or(&host))
    }

    fn has(&self, authority: &Authority, local: Option<SocketAddr>) -> bool {
        let is_here = |address: SocketAddr| Host::Address(address.ip().to_canonical()) == authority.host;
        authority.host.is_loopback()
            || local.is_some_and(is_here)
            || self.known.iter().any(|known| {
                known.host == authority.host && known.port.is_none_or(|port| authority.port == Some(port))
            })
    }
}

fn host(fields: &HeaderMap) -> Result<Authority, Problem> {
    let mut all = fields.get_all(HOST).iter();
    // RFC 9112 section 3.2: exactly one. HTTP/1.0 is held to it, too.
    let (Some(host), None) = (all.next(), all.next()) else { return Err(bad_host()) };
    host.to_str().ok().and_then(Authority::parse).ok_or_else(bad_host)
}

fn bad_host() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad_host",
        "a request has one Host, a name or an address with or without a port",
    )
}

fn check_origin(fields: &HeaderMap, host: &Authority) -> Result<(), Problem> {
    let is_foreign_site = |value: &http::HeaderValue| {
        // `none` is somebody who typed the address; `same-site` is another host or port that shares a domain.
        !matches!(value.as_bytes(), b"same-origin" | b"none")
    };
    let is_foreign_origin = |value: &http::HeaderValue| !value.to_str().is_ok_and(|text| is_same(text, host));
    if fields.get_all(SEC_FETCH_SITE).iter().any(is_foreign_site)
        || fields.get_all(ORIGIN).iter().any(is_foreign_origin)
    {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "a page of another origin sends this; the control plane answers its own pages alone",
        ));
    }
    Ok(())
}

/// Whether an origin (RFC 6454 section 6.2) is of this host and port. `null` is of none.
fn is_same(origin: &str, host: &Authority) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    if !matches!(scheme, "http" | "https") {
        return false;
    }
    Authority::parse(authority).is_some_and(|origin| {
        origin.without_default_port(scheme) == host.clone().without_default_port(scheme)
    })
}
