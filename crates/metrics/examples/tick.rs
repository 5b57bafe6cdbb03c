//! How long a look takes: `cargo run --release -p proxyd-metrics --example tick [routes]`.

use std::time::{Duration, Instant};

use metrics::{Settings, Tracker};
use proxy_core::Proxy;
use proxy_core::spec::{BackendSpec, HostPattern, RouteSpec, UpstreamSpec};

const UPSTREAMS: usize = 100;
const LOOKS: u64 = 100;

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let routes: usize = std::env::args().nth(1).map_or(Ok(10_000), |count| count.parse())?;
    let mut builder = Proxy::builder();
    for number in 0..UPSTREAMS {
        let backend = BackendSpec::new("a", "127.0.0.1", 3000 + number as u16);
        builder = builder.upstream(UpstreamSpec::new(format!("upstream-{number}")).backend(backend));
    }
    for number in 0..routes {
        let host = HostPattern::Exact(format!("tenant-{number}.example.test"));
        let upstream = format!("upstream-{}", number % UPSTREAMS);
        builder = builder.route(RouteSpec::to(format!("route-{number}"), upstream).host(host));
    }
    let handle = builder.build()?.handle();
    let tracker = Tracker::new(handle.clone(), Settings::default());
    let began = Instant::now();
    let mut took = Vec::new();
    for look in 1..=LOOKS {
        let before = Instant::now();
        tracker.tick(began + Duration::from_secs(look));
        took.push(before.elapsed());
    }
    took.sort_unstable();
    let millis = |place: u64| took.get(place as usize).map_or(0.0, |took| took.as_secs_f64() * 1e3);
    println!(
        "{routes} idle routes: {:.3} ms for a look, {:.3} ms at worst",
        millis(LOOKS / 2),
        millis(LOOKS - 1)
    );
    handle.put_route(RouteSpec::to("another", "upstream-0"))?;
    let before = Instant::now();
    tracker.tick(began + Duration::from_secs(LOOKS + 1));
    println!("one more route: {:.3} ms", before.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
