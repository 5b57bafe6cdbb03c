//! Names that stand for several addresses, each of which is a backend of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egress::{Egress, Policy, Resolve, ResolveFuture};
use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
use proxy_core::{Handle, Proxy};
use tokio::net::TcpListener;

use super::rig::*;

/// A resolver that says what a test has it say.
#[derive(Clone, Default)]
struct Says(Arc<Mutex<Vec<SocketAddr>>>);

impl Says {
    fn say(&self, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        *self.0.lock().unwrap() = addresses.collect();
    }
}

impl Resolve for Says {
    fn resolve<'a>(&'a self, _: &'a str) -> ResolveFuture<'a> {
        Box::pin(async { Ok(self.0.lock().unwrap().clone()) })
    }
}

/// A proxy in front of a name at this port.
async fn start(says: &Says, port: u16) -> Running {
    let mut app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "name.test", port));
    app.dns_refresh = Duration::from_millis(20);
    let connect = Arc::new(Egress::with_resolver(Policy::default(), says.clone()));
    Running::start(Proxy::builder().upstream(app).route(RouteSpec::to("all", "app")).connect(connect)).await
}

async fn until(handle: &Handle, expected: &[&str]) {
    soon(async {
        while handle.backends("app").iter().map(|backend| backend.id.clone()).collect::<Vec<_>>() != expected
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Answers each request on `listener` with its own address.
async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let body = listener.local_addr().unwrap().ip().to_string();
        tokio::spawn(async move {
            let mut peer = Peer::new(stream);
            loop {
                peer.head().await;
                peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
            }
        });
    }
}

#[tokio::test]
async fn each_address_of_a_name_is_a_backend_and_comes_and_goes_with_it() {
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = first.local_addr().unwrap().port();
    let second = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let serving = [tokio::spawn(serve(first)), tokio::spawn(serve(second))];
    let says = Says::default();
    says.say(&["127.0.0.1"]);
    let running = start(&says, port).await;
    let mut client = running.client().await;
    let mut ask = async || {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        client.message().await.1
    };
    assert_eq!(ask().await, "127.0.0.1");
    until(&running.handle, &["a"]).await;

    says.say(&["127.0.0.2", "127.0.0.1"]);
    until(&running.handle, &["a@127.0.0.1", "a@127.0.0.2"]).await;
    let mut seen = [ask().await, ask().await];
    seen.sort();
    assert_eq!(seen, ["127.0.0.1", "127.0.0.2"]);

    // What has stood for several stays as it is with the one that is left, and with the last answer that there was.
    says.say(&["127.0.0.2"]);
    until(&running.handle, &["a@127.0.0.2"]).await;
    assert_eq!([ask().await, ask().await], ["127.0.0.2", "127.0.0.2"]);
    says.say(&[]);
    for _ in 0..20 {
        assert_eq!(ask().await, "127.0.0.2");
    }
    serving.iter().for_each(tokio::task::JoinHandle::abort);
}
