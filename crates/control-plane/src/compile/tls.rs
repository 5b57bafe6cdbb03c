//! TLS, and what else comes before requests: listeners, certificates, hosts, passages, secure upstreams.

mod acme;
mod hosts;
mod sources;

use std::collections::HashSet;
use std::sync::Arc;

use config::{Document, Mode, Route, Upstream};
use proxy_core::Secure;
use proxy_core::spec::{
    HostPattern, ListenerMode, ListenerSpec, PassageSpec, Protocol, ProxyProtocolSpec, ProxyVersion,
};
use tls_sni::{Client, TicketKeys, TlsVersion, UnknownName};

use super::Compiler;
use crate::tls::{
    BackendTls, ListenerTls, Rules, TlsPlan, UpstreamPlan, UpstreamTls, Vouching, ticket_error, ticket_text,
};

impl Compiler<'_> {
    /// How connections begin, by listener; the TLS of each goes into the plan.
    pub(super) fn listeners(&mut self) -> Vec<Arc<ListenerSpec>> {
        let mut specs = Vec::new();
        let vouching = self.vouching();
        // The address that `proxy.port` is short for comes first.
        if self.document.proxy.port.is_some() || self.document.listeners.is_empty() {
            specs.push(Arc::default());
            self.tls.listeners.push(None);
        }
        for (index, listener) in self.document.listeners.iter().enumerate() {
            let at = format!("listeners[{index}]");
            let mut spec = ListenerSpec::default();
            spec.mode = match (listener.mode, &listener.upstream) {
                (Mode::Http, _) => ListenerMode::Http,
                (_, Some(upstream)) => ListenerMode::Tcp { upstream: upstream.clone() },
                (_, None) => ListenerMode::Passages,
            };
            spec.proxy_protocol = listener.proxy_protocol.as_ref().map(|protocol| {
                let mut spec =
                    ProxyProtocolSpec::new(protocol.from.iter().map(|network| **network).collect());
                spec.required = protocol.required;
                spec
            });
            let tls = listener.tls.as_ref().map(|tls| {
                spec.handshake_timeout = tls.handshake_timeout.get();
                listener_tls(self.document, listener, tls, &vouching)
            });
            if let Some(tls) = &tls {
                self.try_listener(&at, tls);
            }
            self.tls.listeners.push(tls);
            specs.push(Arc::new(spec));
        }
        specs
    }

    /// Whatever is wrong with a listener's files.
    fn try_listener(&mut self, at: &str, tls: &ListenerTls) {
        if let Some(path) = &tls.ticket_keys {
            let keys = ticket_text(path)
                .and_then(|text| TicketKeys::parse(&text).map_err(|error| ticket_error(path, &error)));
            if let Err(error) = keys {
                self.refuse(&format!("{at}.tls.ticketKeys"), error, None);
            }
        }
        if let Some(Err(error)) = tls.client_auth.as_ref().map(Vouching::read) {
            self.refuse(&format!("{at}.tls.clientAuth"), error, None);
        }
    }

    /// Hosts whose clients somebody vouches for.
    fn vouching(&mut self) -> Vec<(String, Vouching)> {
        let mut all: Vec<(String, Vouching)> = Vec::new();
        let (mut hosts, mut read) = (HashSet::new(), Rules::default());
        for (index, route) in self.document.routes.iter().enumerate() {
            let Some(written) = &route.client_auth else { continue };
            let (host, vouching) = (route.v_host.to_string(), Vouching::of(written));
            if !hosts.insert(host.clone()) {
                continue;
            }
            if let Err(error) = read.of(&vouching) {
                self.refuse(&format!("routes[{index}].clientAuth"), error, None);
            }
            all.push((host, vouching));
        }
        all
    }

    /// Server names whose connections are passed on as they come.
    pub(super) fn passages(&mut self) -> Vec<PassageSpec> {
        let routes = self.document.routes.iter().filter(|route| route.mode == Mode::Tcp);
        let passage = |route: &Route| {
            let host = HostPattern::parse(&route.v_host.to_string()).ok()?;
            Some(PassageSpec::new(host, route.upstream.clone()?))
        };
        routes.filter_map(|route| passage(route)).collect()
    }

    /// What makes secure channels to an upstream's backends; `Ok(None)` where they are plain.
    pub(super) fn secure(&mut self, at: &str, upstream: &Upstream) -> Result<Option<Arc<dyn Secure>>, ()> {
        if !upstream.uses_tls() {
            return Ok(None);
        }
        let tls = UpstreamTls::of(upstream, self.relayed.contains(upstream.name.as_str()));
        let settings = tls.settings().map_err(|(key, error)| {
            self.refuse(&format!("{at}.tls.{key}"), error, None);
        })?;
        if upstream.tls.as_ref().is_some_and(|tls| tls.insecure_skip_verify) {
            let message = "the certificates of these backends are not verified: whoever stands between can read and change everything";
            let hint = Some("name their authority by `ca`, or their keys by `pins`".to_owned());
            let problem = self.loaded.problem(&format!("{at}.tls.insecureSkipVerify"), message, hint);
            self.warnings.push(problem);
        }
        let identity = tls.identity(&settings);
        match Client::new(settings) {
            Ok(client) => {
                let name = upstream.name.clone();
                self.tls.upstreams.push(UpstreamPlan { name, tls, client: client.clone(), identity });
                Ok(Some(Arc::new(BackendTls { client, identity })))
            }
            Err(error) => {
                self.refuse(&format!("{at}.tls"), error.to_string(), None);
                Err(())
            }
        }
    }

    /// The TLS of the plan.
    pub(super) fn take_tls(&mut self) -> TlsPlan {
        std::mem::take(&mut self.tls)
    }
}

/// The names of upstreams whose connections are relayed in TCP mode: nobody negotiates what is spoken in them.
pub(super) fn relayed(document: &Document) -> HashSet<&str> {
    let listeners = document.listeners.iter().filter(|listener| listener.mode == Mode::Tcp);
    let passages = document.routes.iter().filter(|route| route.mode == Mode::Tcp);
    let by_listener = listeners.filter_map(|listener| listener.upstream.as_deref());
    by_listener.chain(passages.filter_map(|route| route.upstream.as_deref())).collect()
}

/// What an upstream's backends speak.
pub(super) fn protocol(upstream: &Upstream) -> Protocol {
    match upstream.protocol {
        config::Protocol::Http2 => Protocol::Http2,
        // Where nothing offers a choice, `auto` is HTTP/1.1.
        config::Protocol::Auto if upstream.uses_tls() && upstream.send_proxy_protocol.is_none() => {
            Protocol::Auto
        }
        _ => Protocol::Http1,
    }
}

/// The value of `Strict-Transport-Security`. RFC 6797 section 6.1.
pub(super) fn hsts(written: &config::Hsts) -> String {
    let mut value = format!("max-age={}", written.max_age.get().as_secs());
    for (is_said, directive) in
        [(written.include_sub_domains, "; includeSubDomains"), (written.preload, "; preload")]
    {
        if is_said {
            value.push_str(directive);
        }
    }
    value
}

/// The header that an upstream's backends get.
pub(super) fn announces(upstream: &Upstream) -> Option<ProxyVersion> {
    upstream.send_proxy_protocol.map(|version| match version {
        config::ProxyVersion::V1 => ProxyVersion::V1,
        _ => ProxyVersion::V2,
    })
}

fn listener_tls(
    document: &Document,
    listener: &config::Listener,
    tls: &config::ListenerTls,
    vouching: &[(String, Vouching)],
) -> ListenerTls {
    let protocols = match listener.mode {
        Mode::Http if document.proxy.http2.enabled => {
            vec![tls_sni::Protocol::Http2, tls_sni::Protocol::Http1]
        }
        Mode::Http => vec![tls_sni::Protocol::Http1],
        _ => Vec::new(),
    };
    ListenerTls {
        min_version: match tls.min_version {
            config::TlsVersion::V13 => TlsVersion::V13,
            _ => TlsVersion::V12,
        },
        unknown_name: match tls.unknown_name {
            config::UnknownName::Default => UnknownName::Default,
            _ => UnknownName::Reject,
        },
        protocols,
        client_auth: tls.client_auth.as_ref().map(Vouching::of),
        client_auth_of: vouching.to_vec(),
        ticket_keys: tls.ticket_keys.clone(),
    }
}
