//! Upstreams.

mod balance;
mod capacity;
mod check;
mod resilience;

use std::sync::Arc;
use std::time::Duration;

use config::{Backend, BackendAddress, Route, Upstream};
use egress::Destination;
use lb_strategies::Weight;
use proxy_core::spec::{BackendSpec, HostHeader, UpstreamSpec};

use super::Compiler;
use super::tls::{announces, protocol};
use crate::states::manual;
pub(super) use balance::sticky;
pub(super) use capacity::gate;

/// Behind every priority that can be written.
const BACKUP: u8 = u8::MAX;

impl Compiler<'_> {
    /// The upstreams that the document names; `None` for one that something is wrong with.
    pub(super) fn upstreams(&mut self) -> Vec<Option<Arc<UpstreamSpec>>> {
        let upstreams = &self.document.upstreams;
        let mut specs = Vec::with_capacity(upstreams.len());
        for (index, upstream) in upstreams.iter().enumerate() {
            let spec = match self.former.upstream(upstream) {
                Some((spec, secure)) => {
                    self.tls.upstreams.extend(secure);
                    Some(spec)
                }
                None => {
                    let timeout = self.document.attempt_timeout(&Route::default(), upstream);
                    self.upstream(&format!("upstreams[{index}]"), upstream, timeout)
                }
            };
            if spec.is_some() {
                self.declared.insert(&upstream.name);
            }
            specs.push(spec);
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
        let strategy = self.strategy(&format!("{path}.strategy"), upstream);
        let secure = self.secure(path, upstream);
        let check = self.check(&format!("{path}.healthCheck"), upstream);
        let mut spec = UpstreamSpec::new(upstream.name.clone());
        for (index, backend) in upstream.all_backends().iter().enumerate() {
            match compile_backend(backend, upstream) {
                Ok(backend) => spec.backends.extend(backend),
                Err(message) => {
                    self.refuse(&format!("{path}.backends[{index}].hostname"), message, None);
                }
            }
        }
        spec.strategy = strategy?;
        spec.host_header = host_header(upstream.host_header());
        spec.protocol = protocol(upstream);
        spec.announces = announces(upstream);
        spec.secure = secure.ok()?;
        spec.timeout = timeout;
        spec.connect_timeout = upstream.connect_timeout.get();
        spec.dns_timeout = upstream.dns_timeout.get();
        spec.idle_timeout = upstream.idle_timeout.get();
        spec.max_idle_connections = usize::try_from(upstream.max_idle_connections).unwrap_or(usize::MAX);
        spec.max_connection_age = upstream.max_connection_age.get();
        spec.dns_refresh = upstream.dns_refresh.get();
        spec.affinity = balance::affinity(upstream);
        spec.sticky = upstream.sticky.as_ref().map(sticky);
        spec.slow_start = upstream.slow_start.get().map(config::Duration::get);
        spec.gate = capacity::of_upstream(upstream, &spec.backends);
        resilience::compile(upstream, &mut spec);
        spec.check = check?;
        spec.agent = upstream.agent_check.as_ref().map(check::agent);
        Some(Arc::new(spec))
    }
}

/// A backend; none where its weight says that it takes no requests.
fn compile_backend(backend: &Backend, upstream: &Upstream) -> Result<Option<BackendSpec>, String> {
    let destination = match backend.address()? {
        BackendAddress::Ip(address) => Destination::host(address.ip().to_string(), address.port()),
        BackendAddress::Name(name, port) => Destination::host(name, port),
        BackendAddress::Unix(path) => Destination::unix(path),
    };
    let Some(weight) = Weight::new(backend.weight) else { return Ok(None) };
    let mut spec = BackendSpec::at(backend.id.clone(), destination).weight(weight);
    spec.priority = if backend.backup { BACKUP } else { backend.priority };
    spec.state = manual(backend.state);
    spec.max_requests = backend.max_requests.unwrap_or(upstream.max_requests_per_backend).get();
    spec.max_connections = backend.max_connections.unwrap_or(upstream.max_connections_per_backend).get();
    Ok(Some(spec))
}

fn host_header(host: config::HostHeader) -> HostHeader {
    match host {
        config::HostHeader::Preserve => HostHeader::Preserve,
        config::HostHeader::Upstream => HostHeader::Upstream,
        config::HostHeader::Name(name) => HostHeader::Name(name),
    }
}
