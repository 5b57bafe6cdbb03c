//! TLS of the clients: version 1.3, one cipher and one key exchange, so that all proxies do the same work.
//!
//! The cipher is what browsers ask for first. The key exchange is X25519 alone, as not all proxies have one
//! that withstands quantum computers. Certificates may be signed by anybody, but must be for the host, and the
//! proxy must prove that it has the key.

mod authority;
#[cfg(test)]
pub(super) mod server;
mod session;

use std::sync::Arc;

use anyhow::{Context, Result};
use clap::ValueEnum;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind};

use self::authority::AnyAuthority;
pub(super) use self::session::Session;

/// What is asked of handshakes.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Handshakes {
    /// No session is offered, so that all of them are full.
    Full,
    /// Each but the first of a connection's place resumes the session before by its ticket.
    Resumed,
}

impl Handshakes {
    /// What `--handshakes` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Resumed => "resumed",
        }
    }
}

/// Whom clients ask for over TLS, and how.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// As many as there are requests, each for the one in its place.
    pub(super) hosts: Vec<ServerName<'static>>,
    pub(super) handshakes: Handshakes,
}

impl Plan {
    pub(super) fn new(hosts: impl IntoIterator<Item = String>, handshakes: Handshakes) -> Result<Self> {
        let hosts =
            hosts.into_iter().map(|host| ServerName::try_from(host).context("a host has an odd name"));
        Ok(Self { hosts: hosts.collect::<Result<_>>()?, handshakes })
    }

    /// The first host.
    pub(super) fn host(&self) -> Result<ServerName<'static>> {
        self.hosts.first().cloned().context("there is no host")
    }
}

/// What clients of HTTP/1.1 offer in ALPN.
pub(super) const HTTP1: &[u8] = b"http/1.1";

/// What clients of HTTP/2 offer in ALPN.
pub(super) const HTTP2: &[u8] = b"h2";

/// The settings of clients that speak `protocol` and offer no session.
pub(super) fn settings(protocol: &[u8]) -> Result<ClientConfig> {
    let provider = CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    };
    let authority = AnyAuthority::new(provider.signature_verification_algorithms);
    let mut settings = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .context("there is no TLS 1.3")?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(authority))
        .with_no_client_auth();
    settings.alpn_protocols = vec![protocol.to_vec()];
    settings.resumption = Resumption::disabled();
    Ok(settings)
}

/// The sessions of connections that follow each other in places.
#[derive(Debug)]
pub(super) struct Sessions {
    plan: Plan,
    settings: Arc<ClientConfig>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    /// With the tickets of this place, if they are to be used.
    settings: Arc<ClientConfig>,
    /// What the next handshake must be like.
    next: HandshakeKind,
}

impl Sessions {
    pub(super) fn new(plan: Plan) -> Result<Self> {
        Ok(Self { plan, settings: Arc::new(settings(HTTP1)?), places: Vec::new() })
    }

    /// Forgets all tickets, and has so many places.
    pub(super) fn restart(&mut self, places: usize) {
        let place = || {
            let mut settings = Arc::clone(&self.settings);
            if self.plan.handshakes == Handshakes::Resumed {
                Arc::make_mut(&mut settings).resumption = Resumption::in_memory_sessions(1);
            }
            Place { settings, next: HandshakeKind::Full }
        };
        self.places = std::iter::repeat_with(place).take(places).collect();
    }

    /// The session of a new connection in `place`, for the host in the place `turn`.
    pub(super) fn begin(&mut self, place: usize, turn: usize) -> Result<Session, String> {
        let host = self.plan.hosts.get(turn).ok_or("there is no host")?;
        let place = self.places.get_mut(place).ok_or("there is no such place")?;
        let session = Session::begin(Arc::clone(&place.settings), host.clone(), place.next)?;
        if self.plan.handshakes == Handshakes::Resumed {
            place.next = HandshakeKind::Resumed;
        }
        Ok(session)
    }
}

#[cfg(test)]
mod tests;
