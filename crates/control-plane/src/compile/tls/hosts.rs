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
    /// Every host of the document, where plain requests are not served for some; none otherwise.
    pub(in super::super) fn hosts(&mut self) -> Vec<HostSpec> {
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
        let spec = |(host, one): (&String, &Said)| {
            let mut spec = HostSpec::new(HostPattern::parse(host).ok()?);
            spec.redirect_to = port.filter(|_| one.redirects);
            spec.needs_client = one.vouched.or_else(|| inherited(host, &said)).unwrap_or(false);
            Some(spec)
        };
        let specs: Vec<_> = said.iter().filter_map(spec).collect();
        let is_idle = specs.iter().all(|spec| spec.redirect_to.is_none() && !spec.needs_client);
        if is_idle { Vec::new() } else { specs }
    }

    /// Whether a route's host demands certificates of its clients, by its own rule or by that of a wildcard above it.
    pub(in super::super) fn needs_client(&self, route: &config::Route) -> bool {
        let host = route.v_host.to_string();
        let bare = host.strip_prefix("*.").unwrap_or(&host);
        let parents = std::iter::successors(Some(bare), |name| name.split_once('.').map(|(_, above)| above));
        let wildcards = parents.skip(1).map(|name| format!("*.{name}"));
        let mut names = std::iter::once(host.clone()).chain(wildcards);
        let rule = |name: String| {
            let mut routes = self.document.routes.iter().filter(|other| other.v_host.to_string() == name);
            routes.find_map(|other| other.client_auth.as_ref())
        };
        let has_rules = self.document.routes.iter().any(|route| route.client_auth.is_some());
        has_rules && names.find_map(rule).is_some_and(|rule| rule.mode == config::ClientAuthMode::Required)
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
