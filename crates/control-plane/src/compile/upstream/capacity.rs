//! How many requests are in flight to an upstream, and how many wait.

use std::time::Duration;

use config::{InFlight, Protocol, QueueOrder, Upstream};
use proxy_core::spec::{BackendSpec, Concurrency, GateSpec, Order};

/// The gate of an upstream. Without a limit of its own it has one where its backends have limits: what they have no
/// place for waits there instead of being refused.
pub(super) fn of_upstream(upstream: &Upstream, backends: &[BackendSpec]) -> Option<GateSpec> {
    match upstream.max_requests.get() {
        Some(limit) => {
            Some(gate(limit, upstream.queue_length(), upstream.queue_timeout(), upstream.queue_order))
        }
        None => of_backends(backends, upstream.protocol),
    }
}

fn of_backends(backends: &[BackendSpec], protocol: Protocol) -> Option<GateSpec> {
    // A connection of HTTP/1.1 has one request at a time.
    let of = |backend: &BackendSpec| {
        let of_connections = backend.max_connections.filter(|_| protocol != Protocol::Http2);
        backend.max_requests.into_iter().chain(of_connections).min()
    };
    let places = backends.iter().filter_map(of).reduce(u32::saturating_add)?;
    Some(gate(InFlight::At(u32::MAX), places, GateSpec::auto().timeout, None))
}

/// A gate as it is written, in an upstream or a route.
pub(in crate::compile) const fn gate(
    limit: InFlight,
    queue: u32,
    timeout: Duration,
    order: Option<QueueOrder>,
) -> GateSpec {
    let mut gate = GateSpec::auto();
    gate.limit = match limit {
        InFlight::Auto => Concurrency::Auto,
        InFlight::At(limit) => Concurrency::At(limit),
    };
    gate.queue = queue;
    gate.timeout = timeout;
    gate.order = match order {
        Some(QueueOrder::Fifo) => Order::Fifo,
        _ => Order::Adaptive,
    };
    gate
}
