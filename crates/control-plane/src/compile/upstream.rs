//! Upstreams.

use std::sync::Arc;
use std::time::Duration;

use config::{Backend, BackendAddress, Route, Upstream};
use egress::Destination;
use lb_strategies::{Strategy, Weight};
use proxy_core::spec::{BackendSpec, HostHeader, Protocol, UpstreamSpec};

use super::Compiler;

impl Compiler<'_> {
    /// The upstreams that the document names.
    pub(super) fn upstreams(&mut self) -> Vec<Arc<UpstreamSpec>> {
        let upstreams = &self.document.upstreams;
        let mut specs = Vec::with_capacity(upstreams.len());
        for (index, upstream) in upstreams.iter().enumerate() {
            let timeout = self.document.attempt_timeout(&Route::default(), upstream);
            if let Some(spec) = self.upstream(&format!("upstreams[{index}]"), upstream, timeout) {
                self.declared.insert(&upstream.name);
                specs.push(spec);
            }
        }
        specs
    }

    /// The pool of a route that lists its backends itself.
    pub(super) fn own_upstream(
        &mut self,
        path: &str,
        route: &Route,
        upstream: &Upstream,
    ) -> Option<Arc<UpstreamSpec>> {
        let timeout = self.document.attempt_timeout(route, upstream);
        self.upstream(path, upstream, timeout)
    }

    fn upstream(&mut self, path: &str, upstream: &Upstream, timeout: Duration) -> Option<Arc<UpstreamSpec>> {
        let strategy = self.strategy(&format!("{path}.strategy"), &upstream.strategy);
        let mut spec = UpstreamSpec::new(upstream.name.clone());
        for (index, backend) in upstream.all_backends().iter().enumerate() {
            match compile_backend(backend) {
                Ok(backend) => spec.backends.extend(backend),
                Err(message) => {
                    self.refuse(&format!("{path}.backends[{index}].hostname"), message, None);
                }
            }
        }
        spec.strategy = strategy?;
        spec.host_header = host_header(upstream.host_header());
        spec.protocol = protocol(upstream.protocol);
        spec.timeout = timeout;
        spec.connect_timeout = upstream.connect_timeout.get();
        spec.dns_timeout = upstream.dns_timeout.get();
        spec.idle_timeout = upstream.idle_timeout.get();
        spec.max_idle_connections = usize::try_from(upstream.max_idle_connections).unwrap_or(usize::MAX);
        spec.max_connection_age = upstream.max_connection_age.get();
        spec.retries = upstream.retries.into();
        Some(Arc::new(spec))
    }

    fn strategy(&mut self, path: &str, name: &config::StrategyName) -> Option<Arc<dyn Strategy>> {
        let found = self.factories.strategies.find(name);
        // Those that the format names and nobody has built are reported as such.
        if found.is_none() && !config::StrategyName::KNOWN.contains(&&**name) {
            let names: Vec<String> = self.factories.strategies.names().map(str::to_ascii_uppercase).collect();
            let hint = format!("known are {}", names.join(", "));
            self.refuse(path, format!("there is no strategy `{name}`"), Some(&hint));
        }
        found
    }
}

/// A backend; none where its weight says that it takes no requests.
fn compile_backend(backend: &Backend) -> Result<Option<BackendSpec>, String> {
    let destination = match backend.address()? {
        BackendAddress::Ip(address) => Destination::host(address.ip().to_string(), address.port()),
        BackendAddress::Name(name, port) => Destination::host(name, port),
        BackendAddress::Unix(path) => Destination::unix(path),
    };
    let weight = Weight::new(backend.weight);
    Ok(weight.map(|weight| BackendSpec::at(backend.id.clone(), destination).weight(weight)))
}

/// Where nothing offers a choice, `auto` is HTTP/1.1.
const fn protocol(protocol: config::Protocol) -> Protocol {
    match protocol {
        config::Protocol::Http2 => Protocol::Http2,
        _ => Protocol::Http1,
    }
}

fn host_header(host: config::HostHeader) -> HostHeader {
    match host {
        config::HostHeader::Preserve => HostHeader::Preserve,
        config::HostHeader::Upstream => HostHeader::Upstream,
        config::HostHeader::Name(name) => HostHeader::Name(name),
    }
}
