//! Which rule for client certificates holds for which name.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};

use super::{Hosts, ServerSettings, TlsVersion, UnknownName, base};
use crate::client_auth::ClientAuth;
use crate::name;
use crate::protocol::Protocol;
use crate::tickets::Tickets;

/// Names under one rule. What was agreed with a client under one is good for nothing under another.
pub(super) struct Class {
    pub(super) id: u128,
    /// Whether clients without a certificate are refused.
    pub(super) is_required: bool,
    pub(super) config: ServerConfig,
}

/// All rules of a listener.
pub(super) struct Classes {
    pub(super) unknown_name: UnknownName,
    other: Arc<Class>,
    exact: HashMap<Box<str>, Arc<Class>>,
    /// By what stands behind `*.`.
    wildcards: HashMap<Box<str>, Arc<Class>>,
}

impl Classes {
    pub(super) fn new(settings: &ServerSettings) -> Result<Self, rustls::Error> {
        let mut made: HashMap<u128, Arc<Class>> = HashMap::new();
        let mut class = |rule: Option<&ClientAuth>| {
            let id = rule.map_or(0, |rule| rule.class);
            if let Some(class) = made.get(&id) {
                return Ok(Arc::clone(class));
            }
            let is_required = rule.is_some_and(|rule| rule.is_required);
            let class = Arc::new(Class { id, is_required, config: config(settings, rule, id)? });
            made.insert(id, Arc::clone(&class));
            Ok::<_, rustls::Error>(class)
        };
        let other = class(settings.client_auth.as_ref())?;
        let (mut exact, mut wildcards) = (HashMap::new(), HashMap::new());
        for (written, rule) in &settings.client_auth_of {
            let class = class(rule.as_ref())?;
            let written = name::canonical(written);
            match written.strip_prefix("*.") {
                Some(suffix) => wildcards.insert(suffix.into(), class),
                None => exact.insert((&*written).into(), class),
            };
        }
        Ok(Self { unknown_name: settings.unknown_name, other, exact, wildcards })
    }

    /// True where all names are under one rule.
    pub(super) fn has_one(&self) -> bool {
        self.exact.is_empty() && self.wildcards.is_empty()
    }

    /// The rule for a name: its own, or that of the nearest wildcard above it, as requests are routed.
    pub(super) fn of_name(&self, name: Option<&str>) -> &Arc<Class> {
        let Some(name) = name.filter(|_| !self.has_one()) else { return &self.other };
        if let Some(class) = self.exact.get(name) {
            return class;
        }
        self.above(name::parent(name))
    }

    /// The rule for all names that a route is for.
    pub(super) fn of_hosts(&self, hosts: Hosts<'_>) -> &Arc<Class> {
        match hosts {
            Hosts::Any => &self.other,
            Hosts::Exact(name) => self.of_name(Some(name)),
            Hosts::Below(suffix) => self.above(Some(suffix)),
        }
    }

    /// The rule of the nearest wildcard, from this suffix upwards.
    fn above(&self, suffix: Option<&str>) -> &Arc<Class> {
        let above = std::iter::successors(suffix, |name| name::parent(name));
        above.filter_map(|suffix| self.wildcards.get(suffix)).next().unwrap_or(&self.other)
    }
}

fn config(
    settings: &ServerSettings,
    rule: Option<&ClientAuth>,
    id: u128,
) -> Result<ServerConfig, rustls::Error> {
    let verifier = rule.map_or_else(WebPkiClientVerifier::no_client_auth, |rule| Arc::clone(&rule.verifier));
    let builder = base(settings.min_version)?.with_client_cert_verifier(verifier);
    let mut config = builder.with_cert_resolver(Arc::new(Nobody));
    config.alpn_protocols = Protocol::names(&settings.protocols);
    config.ticketer = Arc::new(Tickets::new(settings.ticket_keys.clone(), id));
    // Tickets are all that there is: what a server would have to remember of its clients, it would have to bound.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    // RFC 8446 section 8: without early data, nothing can be replayed.
    config.max_early_data_size = 0;
    Ok(config)
}

/// What an ACME server meets that validates a name.
pub(super) fn for_challenge(
    protocol: &[u8],
    resolver: Arc<dyn ResolvesServerCert>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = base(TlsVersion::V12)?.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols = vec![protocol.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(config))
}

/// Stands where each connection has a certificate of its own choice.
#[derive(Debug)]
struct Nobody;

impl ResolvesServerCert for Nobody {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }
}
