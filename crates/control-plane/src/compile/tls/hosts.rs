//! Hosts that plain requests are not served for.

use std::collections::BTreeMap;

use config::Mode;
use proxy_core::spec::{HostPattern, HostSpec};

use super::super::Compiler;

/// What is said of a host.
#[derive(Clone, Copy, Default)]
struct Said {
    redirects: bool,
    vouched: Option<bool>,
}

impl Compiler<'_> {
    /// Every host of the document, where plain requests are not served for some; none otherwise. Those that demand
    /// certificates of their clients are noted for the routes.
    pub(in super::super) fn hosts(&mut self) -> Vec<HostSpec> {
        // Most documents say nothing of the kind, and have many hosts.
        if !self.document.routes.iter().any(|route| route.auto_https || route.client_auth.is_some()) {
            return Vec::new();
        }
        let port = self.https_port();
        let mut said: BTreeMap<String, Said> = BTreeMap::new();
        let mut warnings = Vec::new();
        for (index, route) in self.document.routes.iter().enumerate() {
            if route.mode == Mode::Tcp {
                continue;
            }
            let host = said.entry(route.v_host.to_string()).or_default();
            host.redirects |= route.auto_https;
            let vouching = route.client_auth.as_ref();
            host.vouched =
                host.vouched.or(vouching.map(|auth| auth.mode == config::ClientAuthMode::Required));
            if route.auto_https && port.is_none() {
                let message = "no listener speaks TLS, so that there is nothing to redirect to";
                let hint = Some("add a listener with `tls: {}`".to_owned());
                let path = format!("routes[{index}].autoHttps");
                warnings.push(self.loaded.problem(&path, message, hint));
            }
        }
        self.warnings.extend(warnings);
        let demands =
            |(host, one): &(&String, &Said)| one.vouched.or_else(|| inherited(host, &said)).unwrap_or(false);
        self.demanding = said.iter().filter(demands).map(|(host, _)| host.clone()).collect();
        let spec = |(host, one): (&String, &Said)| {
            let mut spec = HostSpec::new(HostPattern::parse(host).ok()?);
            spec.redirect_to = port.filter(|_| one.redirects);
            spec.needs_client = self.demanding.contains(host);
            Some(spec)
        };
        let specs: Vec<_> = said.iter().filter_map(spec).collect();
        let is_idle = specs.iter().all(|spec| spec.redirect_to.is_none() && !spec.needs_client);
        if is_idle { Vec::new() } else { specs }
    }

    /// The port that HTTPS is spoken at: 443 where it is among them, else the first.
    fn https_port(&self) -> Option<u16> {
        let listeners = self.document.listeners.iter();
        let secure = listeners.filter(|listener| listener.tls.is_some() && listener.mode == Mode::Http);
        let ports: Vec<u16> = secure
            .filter_map(|listener| match &listener.address {
                config::Address::Tcp(address) => Some(address.port()),
                config::Address::Unix(_) => None,
            })
            .collect();
        ports.iter().find(|port| **port == 443).or(ports.first()).copied()
    }
}

/// The rule of the nearest wildcard above a host: its routes are reached by the host's requests, too.
fn inherited(host: &str, said: &BTreeMap<String, Said>) -> Option<bool> {
    let bare = host.strip_prefix("*.").unwrap_or(host);
    let above =
        std::iter::successors(Some(bare), |name| name.split_once('.').map(|(_, above)| above)).skip(1);
    above.filter_map(|name| said.get(&format!("*.{name}"))?.vouched).next()
}
