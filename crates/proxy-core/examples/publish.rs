//! How long it takes to change one route among many: `cargo run --release -p proxy-core --example publish [routes]`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proxy_core::Proxy;
use proxy_core::spec::{BackendSpec, HostPattern, RouteSpec, UpstreamSpec};

const UPSTREAMS: usize = 100;
const CHANGES: usize = 50;

fn route(number: usize, timeout: Duration) -> Arc<RouteSpec> {
    let host = HostPattern::Exact(format!("tenant-{number}.example.test"));
    let mut route =
        RouteSpec::to(format!("route-{number}"), format!("upstream-{}", number % UPSTREAMS)).host(host);
    route.timeout = Some(timeout);
    Arc::new(route)
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let routes: usize = std::env::args().nth(1).map_or(Ok(10_000), |count| count.parse())?;
    let mut builder = Proxy::builder();
    for number in 0..UPSTREAMS {
        let backend = BackendSpec::new("a", "127.0.0.1", 3000 + number as u16);
        builder = builder.upstream(UpstreamSpec::new(format!("upstream-{number}")).backend(backend));
    }
    let proxy = builder.build()?;
    let handle = proxy.handle();
    let mut blueprint = handle.blueprint();
    blueprint.routes = (0..routes).map(|number| route(number, Duration::from_secs(1))).collect();
    let began = Instant::now();
    handle.publish(blueprint.clone())?;
    println!("{routes} new routes: {:.2} ms", began.elapsed().as_secs_f64() * 1e3);

    let mut took = Vec::new();
    for change in 0..CHANGES {
        let place = change * routes / CHANGES;
        let timeout = Duration::from_millis(change as u64 + 1);
        let Some(held) = blueprint.routes.get_mut(place) else { break };
        *held = route(place, timeout);
        let next = blueprint.clone();
        let began = Instant::now();
        let prepared = handle.prepare(next)?;
        let compiled = began.elapsed();
        handle.install(prepared);
        took.push((began.elapsed(), compiled));
    }
    took.sort_unstable();
    for (name, place) in [("best", 0), ("median", took.len() / 2), ("worst", took.len().saturating_sub(1))] {
        if let Some((whole, compiled)) = took.get(place) {
            let [whole, compiled] = [whole, compiled].map(|took| took.as_secs_f64() * 1e3);
            println!("one route changed, {name}: {whole:.2} ms, {compiled:.2} ms of them to prepare it");
        }
    }
    Ok(())
}
