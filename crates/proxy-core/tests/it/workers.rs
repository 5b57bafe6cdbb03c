//! Several workers, and the supervisor that owns their sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rig::*;
use proxy_core::events::{Event, Events, Kind};
use proxy_core::spec::{Action, RouteSpec};
use proxy_core::{Completed, ListenAddress, Listeners, Observer, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Panics at one connection, counted from the first.
struct Clumsy {
    opened: Arc<AtomicUsize>,
    panics_at: usize,
}

impl Observer for Clumsy {
    fn completed(&self, _: &Completed<'_>) {}

    fn connection_opened(&self) {
        let number = self.opened.fetch_add(1, Ordering::SeqCst);
        assert!(number != self.panics_at, "clumsy");
    }
}

fn hello() -> proxy_core::Builder {
    let action = Action::Respond { status: 200, content_type: String::new(), body: "hello".to_owned() };
    Proxy::builder().route(RouteSpec::new("hello", action))
}

struct Workers {
    stop: oneshot::Sender<()>,
    run: JoinHandle<std::io::Result<()>>,
}

impl Workers {
    fn start(proxy: Proxy, listeners: Listeners) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let run =
            tokio::spawn(
                async move { proxy.run_workers(listeners, async { stopped.await.unwrap_or(()) }).await },
            );
        Self { stop, run }
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        soon(self.run).await.unwrap().unwrap();
    }
}

fn loopback() -> ListenAddress {
    ListenAddress::Tcp("127.0.0.1:0".parse().unwrap())
}

fn port(listeners: &Listeners) -> u16 {
    match listeners.addresses().next() {
        Some(ListenAddress::Tcp(address)) => address.port(),
        other => panic!("{other:?}"),
    }
}

async fn ask(client: &mut Peer) -> String {
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.message().await.1
}

#[tokio::test]
async fn a_worker_that_panics_is_replaced_and_its_backlog_served() {
    let opened = Arc::new(AtomicUsize::new(0));
    let observer = Clumsy { opened: Arc::clone(&opened), panics_at: 1 };
    let events = Events::new();
    let mut replaced = events.subscribe(Kind::WorkerReplaced.into(), 8).unwrap();
    let proxy = hello().workers(1).observer(observer).events(events).build().unwrap();
    let listeners = Listeners::bind(&[loopback()], 1).unwrap();
    let port = port(&listeners);
    // Made before anybody accepts: one is served, the next kills the worker, the rest are the backlog.
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(Peer::connect(port).await);
    }
    let workers = Workers::start(proxy, listeners);
    // Those that the worker had taken die with it; whoever it had not taken is served by the next one.
    let mut served = 0;
    for client in &mut clients {
        let _ = client.stream().write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        if client.remains().await.ends_with("hello") {
            served += 1;
        }
    }
    assert!((4..=5).contains(&served), "{served}");
    assert_eq!(ask(&mut Peer::connect(port).await).await, "hello");
    let Event::WorkerReplaced(replaced) = soon(replaced.recv()).await else { panic!("nothing else is told") };
    assert_eq!((replaced.worker, &*replaced.outcome), (0, "panicked"));
    workers.end().await;
}

#[tokio::test]
async fn all_workers_serve_and_end_together() {
    let proxy = hello().workers(3).build().unwrap();
    let handle = proxy.handle();
    let listeners = Listeners::bind(&[loopback()], 3).unwrap();
    let port = port(&listeners);
    let workers = Workers::start(proxy, listeners);
    let mut clients = Vec::new();
    for _ in 0..30 {
        let mut client = Peer::connect(port).await;
        assert_eq!(ask(&mut client).await, "hello");
        clients.push(client);
    }
    // A worker may count a request just after its answer has gone out.
    soon(async {
        while handle.statistics().requests() != 30 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(handle.connections(), 30);
    workers.end().await;
    for client in &mut clients {
        assert_eq!(client.remains().await, "");
    }
    assert_eq!(handle.connections(), 0);
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let taken = Listeners::bind(&[loopback()], 2).unwrap();
    let address = taken.addresses().next().unwrap();
    let error = Listeners::bind(std::slice::from_ref(&address), 1).unwrap_err();
    assert_eq!(error.address, address);
    assert_eq!(error.source.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn both_families_may_listen_at_one_port() {
    let of = |text: &str, port: u16| ListenAddress::Tcp(format!("{text}:{port}").parse().unwrap());
    if Listeners::bind(&[of("[::]", 0)], 1).is_err() {
        return; // There is no IPv6 on this machine.
    }
    for pair in [["[::]", "0.0.0.0"], ["0.0.0.0", "[::]"]] {
        // A port that is free in one family may be somebody's in the other: one of many is free in both.
        let mut bound = (0..100).filter_map(|_| {
            let port = port(&Listeners::bind(&[of(pair[0], 0)], 1).unwrap());
            Listeners::bind(&pair.map(|text| of(text, port)), 2).ok()
        });
        assert_eq!(bound.next().unwrap().addresses().count(), 2);
    }
}

#[tokio::test]
async fn a_unix_socket_is_served_replaced_and_removed() {
    let directory = std::env::temp_dir().join(format!("proxy-core-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("listening");
    // One that nobody listens at any more.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let address = ListenAddress::Unix(path.clone());
    let listeners = Listeners::bind(std::slice::from_ref(&address), 2).unwrap();
    assert!(Listeners::bind(&[address], 1).is_err(), "somebody listens there");
    let workers = Workers::start(hello().workers(2).build().unwrap(), listeners);
    for request in ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
        let mut client = soon(tokio::net::UnixStream::connect(&path)).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(client.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer}");
    }
    workers.end().await;
    assert!(!path.exists());
    std::fs::remove_dir(&directory).unwrap();
}
