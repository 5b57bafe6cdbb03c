//! Which ways in the listeners offer.

use super::{AcmeChallenge, Document, Listener, Mode};
use crate::{HostPattern, hostname};
use std::collections::HashSet;

impl Listener {
    /// Whether it passes TLS on as it comes, by its server name.
    fn passes_on(&self) -> bool {
        self.mode == Mode::Tcp && self.upstream.is_none() && self.tls.is_none()
    }
}

impl Document {
    /// Whether requests come in the clear anywhere.
    pub(crate) fn has_plain(&self) -> bool {
        let is_plain = |listener: &Listener| listener.mode == Mode::Http && listener.tls.is_none();
        self.proxy.port.is_some() || self.listeners.is_empty() || self.listeners.iter().any(is_plain)
    }

    /// Whether TLS ends anywhere.
    pub(crate) fn has_tls(&self) -> bool {
        self.listeners.iter().any(|listener| listener.tls.is_some())
    }

    /// Whether requests come over TLS that ends anywhere.
    pub(crate) fn has_https(&self) -> bool {
        self.listeners.iter().any(|listener| listener.mode == Mode::Http && listener.tls.is_some())
    }

    /// Whether the server name of a client's TLS is looked at for routes with `mode: tcp`.
    pub(crate) fn has_passages(&self) -> bool {
        self.has_tls() || self.listeners.iter().any(Listener::passes_on)
    }

    /// How names are proved to the authority of `acme`, the preferred way first: what `challenges` say, or all that the
    /// listeners allow.
    pub fn acme_challenges(&self) -> Vec<AcmeChallenge> {
        let Some(acme) = &self.acme else { return Vec::new() };
        if !acme.challenges.is_empty() {
            return acme.challenges.clone();
        }
        let ways = [(AcmeChallenge::Http01, self.has_plain()), (AcmeChallenge::TlsAlpn01, self.has_tls())];
        ways.into_iter().filter(|(_, is_there)| *is_there).map(|(challenge, _)| challenge).collect()
    }

    /// The names that certificates are got for without being asked: `acme.domains`, and the hosts of routes with
    /// `autoHttps` and without `ssl` that an authority can issue for. Each comes once.
    pub fn acme_domains(&self) -> Vec<String> {
        let Some(acme) = &self.acme else { return Vec::new() };
        let automatic = self.routes.iter().filter(|route| route.auto_https && route.ssl.is_none());
        let hosts = automatic.filter_map(|route| match &route.v_host {
            HostPattern::Exact(name) => hostname::issuable(name).ok(),
            _ => None,
        });
        let mut seen = HashSet::new();
        acme.domains.iter().cloned().chain(hosts).filter(|name| seen.insert(name.clone())).collect()
    }
}
