//! Active checks of a proxy that runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use config::parse;
use control_plane::{ControlPlane, Factories, Plan, compile};
use proxy_core::{Handle, Outage, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

/// A backend whose answers have this status, and which tells of each.
struct Backend {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    asked: Arc<Notify>,
}

async fn backend() -> Backend {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(Notify::new()));
    let (answering, telling) = (Arc::clone(&status), Arc::clone(&asked));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = format!("HTTP/1.1 {} It is\r\nContent-Length: 0\r\n\r\n", answering.load(Relaxed));
            let _ = stream.write_all(answer.as_bytes()).await;
            telling.notify_one();
        }
    });
    Backend { address, status, asked }
}

/// A plan that has the backend checked as often as it can be.
fn plan(backend: SocketAddr, kind: &str, security: &str) -> Plan {
    let text = format!(
        "security: {{ {security} }}\nupstreams: [{{ name: app, url: \"http://localhost:{}\", healthCheck: \
         {{ type: {kind}, interval: 10ms, timeout: 5s, rise: 1, fall: 1 }}, panic: {{ mode: failClosed }} }}]\n\
         routes: [{{ upstream: app }}]",
        backend.port()
    );
    compile(&parse(&text, "proxyd.yaml").unwrap(), &Factories::default()).unwrap()
}

/// Waits until the backend's checks fail, or until they pass.
async fn until(handle: &Handle, fails: bool) {
    while handle.backends("app")[0].outage.has(Outage::CHECK) != fails {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_backend_is_out_while_its_answers_to_checks_are_bad() {
    let backend = backend().await;
    let (proxy, control) = ControlPlane::build(plan(backend.address, "http", "")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(async move { proxy.run(listener, async { stopped.await.unwrap() }).await });

    backend.asked.notified().await;
    until(control.handle(), false).await;
    backend.status.store(503, Relaxed);
    until(control.handle(), true).await;
    backend.status.store(204, Relaxed);
    until(control.handle(), false).await;

    // A plan that is published has its checks made with the connections of the proxy, under its own policy.
    control.publish(&plan(backend.address, "http", "blockedIPs: [127.0.0.0/8, \"::1\"]")).unwrap();
    until(control.handle(), true).await;
    control.publish(&plan(backend.address, "http", "")).unwrap();
    until(control.handle(), false).await;
    // It does not speak gRPC.
    control.publish(&plan(backend.address, "grpc", "")).unwrap();
    until(control.handle(), true).await;

    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn checks_keep_to_the_plans_policy_whoever_serves_its_blueprint() {
    let backend = backend().await;
    for (security, fails) in [("blockedIPs: [127.0.0.0/8, \"::1\"]", true), ("", false)] {
        let plan = plan(backend.address, "http", security);
        let proxy = Proxy::builder().blueprint(plan.blueprint).build().unwrap();
        let handle = proxy.handle();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running =
            tokio::spawn(async move { proxy.run(listener, async { stopped.await.unwrap() }).await });
        if !fails {
            backend.asked.notified().await;
        }
        until(&handle, fails).await;
        stop.send(()).unwrap();
        running.await.unwrap();
    }
}
