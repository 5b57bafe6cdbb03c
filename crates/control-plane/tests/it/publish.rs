//! Plans that are published to a proxy that runs.

use std::net::SocketAddr;

use config::parse;
use control_plane::{ControlPlane, Factories, Plan, PublishError, compile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

fn plan(text: &str) -> Plan {
    compile(&parse(text, "proxyd.yaml").unwrap(), &Factories::default()).unwrap()
}

fn forwarding(backend: SocketAddr, security: &str) -> Plan {
    plan(&format!(
        "security: {{ {security} }}\nupstreams: [{{ name: app, url: \"http://{backend}\" }}]\n\
         routes: [{{ path: /*, upstream: app }}]"
    ))
}

/// A backend that answers one request on each connection.
async fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
        }
    });
    address
}

/// The first line of the answer to a request.
async fn ask(proxy: SocketAddr) -> String {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(2).any(|end| end == b"\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "the connection ended");
    }
    let text = String::from_utf8(answer).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_plan_that_is_published_is_served_from_then_on() {
    let backend = backend().await;
    let (proxy, control) = ControlPlane::build(forwarding(backend, "")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(async move { proxy.run(listener, async { stopped.await.unwrap() }).await });

    assert_eq!(ask(address).await, "HTTP/1.1 204 No Content");
    control.publish(&forwarding(backend, "blockedIPs: [127.0.0.0/8]")).unwrap();
    assert_eq!(ask(address).await, "HTTP/1.1 502 Bad Gateway");
    control.publish(&plan("routes: [{ path: /*, respond: { status: 418 } }]")).unwrap();
    assert_eq!(ask(address).await, "HTTP/1.1 418 I'm a teapot");
    control.publish(&forwarding(backend, "")).unwrap();
    assert_eq!(ask(address).await, "HTTP/1.1 204 No Content");

    stop.send(()).unwrap();
    running.await.unwrap();
}

#[test]
fn listeners_and_workers_cannot_change_while_it_runs() {
    let text = "routes: [{ path: /*, respond: {} }]";
    let (_proxy, control) = ControlPlane::build(plan(text)).unwrap();
    for changed in ["proxy: { port: 81 }", "proxy: { workers: 1000 }"] {
        let refused = control.publish(&plan(&format!("{changed}\n{text}")));
        assert!(matches!(refused, Err(PublishError::NeedsRestart { .. })), "{changed}");
    }
    control.publish(&plan(&format!("proxy: {{ timeout: 1s }}\n{text}"))).unwrap();
    assert_eq!(control.handle().blueprint().settings.timeout, std::time::Duration::from_secs(1));
}
