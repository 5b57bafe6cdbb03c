//! The settings of the whole proxy.

use config::{Document, Http2, Limit, RouteOrder, Size, Workers};
use proxy_core::spec::{self, Http2Settings, Settings};

/// What `proxy` and `routeOrder` say.
pub(super) fn settings(document: &Document) -> Settings {
    let proxy = &document.proxy;
    let mut settings = Settings::default();
    settings.header_timeout = proxy.header_timeout.get();
    settings.keep_alive_timeout = proxy.keep_alive_timeout.get();
    settings.timeout = proxy.timeout.get();
    settings.body_idle_timeout = proxy.body_idle_timeout.get();
    settings.body_min_rate = narrow(proxy.body_min_rate);
    settings.tunnel_idle_timeout = proxy.tunnel_idle_timeout.get();
    settings.drain_timeout = proxy.drain_timeout.get();
    settings.max_body_size = body_size(proxy.max_body_size);
    settings.limits.head = bytes(proxy.max_head_size);
    settings.limits.fields = count(proxy.max_fields);
    settings.limits.target = bytes(proxy.max_uri_length);
    settings.max_connections = count(proxy.max_connections);
    settings.max_connections_per_client = proxy.max_connections_per_client.get().map(count);
    settings.trusted_proxies = proxy.trusted_proxies.iter().map(|network| **network).collect();
    settings.forwarded = proxy.forwarded;
    settings.http2 = http2(&proxy.http2);
    settings.route_order = route_order(document.route_order);
    settings
}

fn http2(written: &Http2) -> Http2Settings {
    let mut settings = Http2Settings::default();
    settings.enabled = written.enabled;
    settings.max_streams = written.max_streams;
    settings.stream_window = narrow(written.stream_window);
    settings.connection_window = narrow(written.connection_window);
    settings.ping_interval = written.ping_interval.get();
    settings.ping_timeout = written.ping_timeout.get();
    settings
}

const fn route_order(order: RouteOrder) -> spec::RouteOrder {
    match order {
        RouteOrder::Written => spec::RouteOrder::Written,
        _ => spec::RouteOrder::Specific,
    }
}

/// How many workers serve. The standard library heeds the CPU quota of cgroups and the affinity mask.
pub(super) fn workers(workers: Workers) -> usize {
    match workers {
        Workers::Auto => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        Workers::Count(count) => usize::from(count.max(1)),
    }
}

/// The engine's limit of a body; one that is off is more than anybody can send.
pub(super) fn body_size(limit: Limit<Size>) -> u64 {
    limit.get().map_or(u64::MAX, Size::get)
}

fn narrow(size: Size) -> u32 {
    u32::try_from(size.get()).unwrap_or(u32::MAX)
}

fn bytes(size: Size) -> usize {
    usize::try_from(size.get()).unwrap_or(usize::MAX)
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A percentage as the engine counts it.
pub(super) fn percentage(percent: u32) -> u8 {
    u8::try_from(percent.min(100)).unwrap_or(100)
}
