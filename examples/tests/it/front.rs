//! What stands between client and backend: an example's proxy in this process, or the real binary.

use std::net::SocketAddr;
use std::time::Duration;

use harness::{Document, Proxyd, Socket};
use proxy_core::Proxy;
use proxyd_examples::trial::Running;

/// How long a whole test may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary with one route to one backend.
pub(super) fn binary(backend: SocketAddr, path: &str, protocol: &str) -> Proxyd {
    let settings = format!("protocol: {protocol}");
    let document = Document::new()
        .upstream_at("app", &[Socket::Tcp(backend)], &settings)
        .route(&format!("id: all, path: \"{path}\", upstream: app"));
    Proxyd::start(&document)
}

/// Where the binary listens.
pub(super) fn address(proxyd: &Proxyd) -> SocketAddr {
    match proxyd.address() {
        Socket::Tcp(address) => address,
        Socket::Unix(path) => unreachable!("no test listens at {}", path.display()),
    }
}

/// Does the same through the proxy in this process and through the binary.
pub(super) async fn through_both(proxy: Proxy, proxyd: Proxyd, check: impl AsyncFn(SocketAddr)) {
    let running = Running::start(proxy).await.unwrap();
    within("through the example's proxy", check(running.address)).await;
    running.stop().await.unwrap();
    within("through the binary", check(address(&proxyd))).await;
}

/// Waits, but not for ever.
pub(super) async fn within<T>(what: &str, does: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, does).await {
        Ok(done) => done,
        Err(_) => panic!("{what}: it takes too long"),
    }
}
