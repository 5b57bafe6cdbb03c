//! TCP mode: connections that are relayed as they come, with the balancing and the limits that requests get.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use health::BreakerSettings;
use lb_strategies::ConsistentHash;
use proxy_core::spec::{
    Affinity, BackendSpec, Blueprint, BreakerSpec, GateSpec, HostPattern, ListenerMode, ListenerSpec,
    OutlierSpec, PassageSpec, ProxyProtocolSpec, ProxyVersion, Settings, UpstreamSpec,
};
use proxy_core::{Address, Builder, Connect, Connecting, Outage, Proxy, Stream, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::sync::mpsc;

use super::rig::*;

const SHORT: Duration = Duration::from_millis(200);

/// A blueprint in which every connection of the first listener goes to `app`.
fn all_to(app: UpstreamSpec) -> Blueprint {
    let mut listener = ListenerSpec::default();
    listener.mode = ListenerMode::Tcp { upstream: app.name.clone() };
    let mut blueprint = Blueprint::default();
    blueprint.listeners.push(Arc::new(listener));
    blueprint.upstreams.push(Arc::new(app));
    blueprint
}

fn relaying(app: UpstreamSpec) -> Builder {
    Proxy::builder().blueprint(all_to(app))
}

fn relaying_with(settings: impl FnOnce(&mut Settings), app: UpstreamSpec) -> Builder {
    let mut all = Settings::default();
    settings(&mut all);
    relaying(app).settings(all)
}

/// A proxy that relays to one backend.
async fn relay() -> (Running, Backend) {
    let backend = Backend::new().await;
    let running = Running::start(relaying(upstream(&[&backend]))).await;
    (running, backend)
}

/// A client, and the connection that its backend got for it.
async fn joined(running: &Running, backend: &Backend) -> (Peer, Peer) {
    let client = running.client().await;
    (client, backend.accept().await)
}

impl Running {
    /// Waits until so many connections have ended for that reason.
    async fn counted(&self, reason: &str, count: u64) {
        soon(async {
            while self.handle.connection_reasons().get(reason) != Some(&count) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    /// Waits until so many requests or connections wait for a place in the upstream.
    async fn waiting(&self, count: u32) {
        soon(async {
            while self.handle.upstream_queue("app").unwrap().waiting != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    fn in_flight(&self) -> Vec<u32> {
        self.handle.backends("app").iter().map(|backend| backend.in_flight).collect()
    }
}

#[tokio::test]
async fn bytes_pass_both_ways_and_each_direction_ends_by_itself() {
    let (running, backend) = relay().await;
    for client_ends_first in [true, false] {
        let (mut client, mut peer) = joined(&running, &backend).await;
        // Either side may speak first: nothing is waited for.
        peer.send("220 hello\r\n").await;
        assert_eq!(client.text(11).await, "220 hello\r\n");
        for _ in 0..2 {
            client.send("GET / HTTP/1.1\r\n\r\n\0").await;
            assert_eq!(peer.text(19).await, "GET / HTTP/1.1\r\n\r\n\0");
            peer.send("pong").await;
            assert_eq!(client.text(4).await, "pong");
        }
        let (one, other) =
            if client_ends_first { (&mut client, &mut peer) } else { (&mut peer, &mut client) };
        one.shut().await;
        assert_eq!(other.rest().await, (Vec::new(), true));
        other.send("and more").await;
        assert_eq!(one.text(8).await, "and more");
        other.shut().await;
        assert_eq!(one.rest().await, (Vec::new(), true));
        running.connections(0).await;
    }
    assert!(running.handle.connection_reasons().is_empty());
    assert_eq!(running.in_flight(), [0]);
}

#[tokio::test]
async fn much_passes_both_ways_at_once() {
    let (running, backend) = relay().await;
    let (client, peer) = joined(&running, &backend).await;
    let much: Vec<u8> = (0..8_000_000_u32).map(|number| (number ^ (number >> 8)) as u8).collect();
    let talk = |mut end: Peer| {
        let much = &much;
        async move {
            let (mut reading, mut writing) = end.stream().split();
            let mut got = Vec::new();
            let read = reading.read_to_end(&mut got);
            let write = async {
                writing.write_all(much).await?;
                writing.shutdown().await
            };
            soon(async { tokio::try_join!(read, write) }).await.unwrap();
            got
        }
    };
    let (there, back) = tokio::join!(talk(client), talk(peer));
    assert!(there == much && back == much);
    running.connections(0).await;
}

#[tokio::test]
async fn what_comes_before_the_backend_is_there_is_kept_with_its_end() {
    let backend = Backend::new().await;
    let mut app = upstream(&[&backend]);
    app.gate = Some(GateSpec::at(1));
    let running = Running::start(relaying(app)).await;
    let first = joined(&running, &backend).await;
    let mut second = running.client().await;
    second.send("all of it").await;
    second.shut().await;
    running.waiting(1).await;
    drop(first);
    let mut peer = backend.accept().await;
    assert_eq!(peer.rest().await, (b"all of it".to_vec(), true));
    peer.send("the answer").await;
    peer.shut().await;
    assert_eq!(second.rest().await, (b"the answer".to_vec(), true));
}

#[tokio::test]
async fn a_backend_that_refuses_is_marked_and_the_next_is_tried() {
    let (bad, good) = (Refusing::new(), Backend::new().await);
    let app = UpstreamSpec::new("app").backend(BackendSpec::new("bad", "127.0.0.1", bad.port()));
    let running =
        Running::start(relaying(app.backend(BackendSpec::new("good", "127.0.0.1", good.port())))).await;
    for _ in 0..3 {
        let (mut client, mut peer) = joined(&running, &good).await;
        peer.send("hello").await;
        assert_eq!(client.text(5).await, "hello");
    }
    let backends = running.handle.backends("app");
    assert!(backends[0].outage.has(Outage::CONNECT) && !backends[1].outage.has(Outage::CONNECT));
    assert!(running.handle.connection_reasons().is_empty());
}

#[tokio::test]
async fn a_connection_gets_as_many_attempts_as_are_allowed_and_is_closed_then() {
    for (retries, tried) in [(0, 1), (2, 3)] {
        let refusing: Vec<_> = (0..4).map(|_| Refusing::new()).collect();
        let mut app = refusing.iter().enumerate().fold(UpstreamSpec::new("app"), |app, (place, backend)| {
            app.backend(BackendSpec::new(format!("b{place}"), "127.0.0.1", backend.port()))
        });
        app.retries = retries;
        let running = Running::start(relaying(app)).await;
        let mut client = running.client().await;
        assert_eq!(client.remains().await, "");
        running.counted("connect_refused", 1).await;
        let dead = running.handle.backends("app");
        assert_eq!(dead.iter().filter(|backend| backend.outage.has(Outage::CONNECT)).count(), tried);
        assert!(running.in_flight().iter().all(|count| *count == 0));
    }
}

#[tokio::test]
async fn nobody_to_be_asked_is_told_at_once() {
    let running = Running::start(relaying(UpstreamSpec::new("app"))).await;
    let mut client = running.client().await;
    assert_eq!(client.remains().await, "");
    running.counted("no_backend", 1).await;
    running.connections(0).await;
}

#[tokio::test]
async fn a_client_comes_to_the_same_backend_by_its_address() {
    let backends = [Backend::new().await, Backend::new().await, Backend::new().await];
    let mut app = upstream(&backends.each_ref()).strategy(ConsistentHash::default());
    app.affinity = Some(Affinity::ClientIp);
    let running = Running::start(relaying(app)).await;
    let mut clients = Vec::new();
    for count in 1..=4 {
        clients.push(running.client().await);
        soon(async {
            while running.in_flight().iter().sum::<u32>() != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        assert!(running.in_flight().contains(&count), "{:?}", running.in_flight());
    }
}

#[tokio::test]
async fn a_connection_counts_as_one_request_for_as_long_as_it_stands() {
    let backend = Backend::new().await;
    let mut app = upstream(&[&backend]);
    app.gate = Some(GateSpec::at(1));
    let running = Running::start(relaying(app)).await;
    let (mut first, mut peer) = joined(&running, &backend).await;
    first.send("a").await;
    peer.text(1).await;
    assert_eq!(running.in_flight(), [1]);
    let second = running.client().await;
    running.waiting(1).await;
    // As many wait as may.
    let mut third = running.client().await;
    assert_eq!(third.remains().await, "");
    running.counted("queue_full", 1).await;
    // Who leaves the queue makes room in it.
    second.reset();
    running.waiting(0).await;
    running.counted("client_gone", 1).await;
    let mut fourth = running.client().await;
    running.waiting(1).await;
    drop(first);
    drop(peer);
    let mut peer = backend.accept().await;
    peer.send("b").await;
    assert_eq!(fourth.text(1).await, "b");
    let mut late = running.client().await;
    assert_eq!(late.remains().await, "");
    running.counted("queue_timeout", 1).await;
}

#[tokio::test]
async fn connections_of_a_backend_are_limited() {
    for (limits_requests, waits) in [(false, false), (true, false), (false, true), (true, true)] {
        let backend = Backend::new().await;
        let mut app = upstream(&[&backend]);
        let limit = &mut app.backends[0];
        *if limits_requests { &mut limit.max_requests } else { &mut limit.max_connections } = Some(1);
        app.gate = waits.then(|| GateSpec::at(10));
        let running = Running::start(relaying(app)).await;
        let first = joined(&running, &backend).await;
        let mut second = running.client().await;
        if waits {
            running.waiting(1).await;
            drop(first);
            backend.accept().await.send("hello").await;
            assert_eq!(second.text(5).await, "hello");
        } else {
            assert_eq!(second.remains().await, "");
            running.counted("queue_full", 1).await;
        }
    }
}

#[tokio::test]
async fn a_circuit_opens_for_connections_that_do_not_come_about() {
    let refusing = Refusing::new();
    let mut app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "127.0.0.1", refusing.port()));
    // It is asked again and again, and only the circuit protects it.
    app.passive.failures = 100;
    let settings = BreakerSettings { consecutive: Some(2), ..BreakerSettings::default() };
    app.breaker = Some(BreakerSpec::new(settings, Duration::from_secs(10)));
    let running = Running::start(relaying(app)).await;
    for (reason, count) in [("connect_refused", 1), ("connect_refused", 2), ("circuit_open", 1)] {
        assert_eq!(running.client().await.remains().await, "");
        running.counted(reason, count).await;
    }
}

#[tokio::test]
async fn a_backend_that_only_takes_connections_is_ejected() {
    let (bad, good) = (Backend::new().await, Backend::new().await);
    let mut app = upstream(&[&bad, &good]);
    let mut outliers = OutlierSpec::default();
    outliers.settings.consecutive_resets = Some(3);
    app.outliers = Some(outliers);
    let running = Running::start(relaying(app)).await;
    let outages = || -> Vec<_> {
        running.handle.backends("app").iter().map(|backend| backend.outage.has(Outage::EJECTED)).collect()
    };
    for broken in 0..3 {
        assert_eq!(outages(), [false, false]);
        // In turn, whoever is the first.
        for _ in 0..2 {
            let mut client = running.client().await;
            let (mut peer, speaks) = tokio::select! {
                peer = bad.accept() => (peer, false),
                peer = good.accept() => (peer, true),
            };
            client.send("hello").await;
            peer.text(5).await;
            if speaks {
                // Once it has said something, a reset is nothing that speaks against it.
                peer.send("well").await;
                assert_eq!(client.text(4).await, "well");
            }
            peer.reset();
            assert_eq!(client.rest().await, (Vec::new(), false));
        }
        running.counted("upstream_reset", 2 * (broken + 1)).await;
    }
    assert_eq!(outages(), [true, false]);
}

#[tokio::test]
async fn a_connection_that_breaks_on_one_side_breaks_on_the_other() {
    let (running, backend) = relay().await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    client.send("half of").await;
    assert_eq!(peer.text(7).await, "half of");
    client.reset();
    assert_eq!(peer.rest().await, (Vec::new(), false));
    running.counted("client_gone", 1).await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    peer.send("half of").await;
    assert_eq!(client.text(7).await, "half of");
    peer.reset();
    assert_eq!(client.rest().await, (Vec::new(), false));
    running.counted("upstream_reset", 1).await;
    running.connections(0).await;
}

#[tokio::test]
async fn what_a_backend_has_said_arrives_although_it_takes_no_more() {
    let (running, backend) = relay().await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    peer.send("no more, please").await;
    peer.shut().await;
    assert_eq!(client.rest().await, (b"no more, please".to_vec(), true));
    drop(peer);
    // The client goes on, and learns that nobody takes it.
    soon(async { while client.stream().write_all(&[0; 1024]).await.is_ok() {} }).await;
    running.connections(0).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let backend = Backend::new().await;
    let idle = |settings: &mut Settings| settings.tunnel_idle_timeout = 3 * SHORT;
    let running = Running::start(relaying_with(idle, upstream(&[&backend]))).await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    for _ in 0..4 {
        tokio::time::sleep(SHORT).await;
        client.send("a").await;
        assert_eq!(peer.text(1).await, "a");
    }
    // Nothing is on its way, so nothing is lost: both see an end in order.
    assert_eq!(client.rest().await, (Vec::new(), true));
    assert_eq!(peer.rest().await, (Vec::new(), true));
    running.counted("tunnel_timeout", 1).await;
}

#[tokio::test]
async fn a_connection_that_has_half_ended_is_not_waited_for_as_long() {
    let backend = Backend::new().await;
    let idle = |settings: &mut Settings| settings.body_idle_timeout = SHORT;
    let running = Running::start(relaying_with(idle, upstream(&[&backend]))).await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    client.shut().await;
    assert_eq!(peer.rest().await, (Vec::new(), true));
    assert_eq!(client.rest().await, (Vec::new(), true));
    running.counted("tunnel_timeout", 1).await;
}

#[tokio::test]
async fn what_nobody_takes_is_not_taken_in_and_is_cut_off_in_the_end() {
    let backend = Backend::new().await;
    let idle = |settings: &mut Settings| settings.tunnel_idle_timeout = Duration::from_millis(1500);
    let running = Running::start(relaying_with(idle, upstream(&[&backend]))).await;
    for (up, count) in [(true, 1), (false, 2)] {
        let (mut client, mut peer) = joined(&running, &backend).await;
        let (sending, other) = if up { (&mut client, &mut peer) } else { (&mut peer, &mut client) };
        let mut taken = 0;
        while let Some(count) = sending.send_some(&[7; 64 * 1024]).await {
            taken += count;
            assert!(taken < 32 << 20, "what is held has no bound");
        }
        running.counted("tunnel_timeout", count).await;
        assert!(!sending.rest().await.1);
        assert!(!other.rest().await.1, "what was held is lost, which is no end");
    }
}

#[tokio::test]
async fn a_connection_goes_on_while_the_proxy_drains_and_is_cut_off_then() {
    let backend = Backend::new().await;
    let drain = |settings: &mut Settings| settings.drain_timeout = 4 * SHORT;
    let mut running = Running::start(relaying_with(drain, upstream(&[&backend]))).await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    running.stop();
    running.refuses().await;
    client.send("still").await;
    assert_eq!(peer.text(5).await, "still");
    peer.send("here").await;
    assert_eq!(client.text(4).await, "here");
    let handle = running.handle.clone();
    running.end().await;
    assert_eq!(client.rest().await, (Vec::new(), false));
    assert_eq!(peer.rest().await, (Vec::new(), false));
    assert_eq!(handle.connections(), 0);
}

#[tokio::test]
async fn a_connection_that_ends_while_the_proxy_drains_holds_nothing_up() {
    let (mut running, backend) = relay().await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    running.stop();
    client.shut().await;
    peer.rest().await;
    peer.shut().await;
    assert_eq!(client.rest().await, (Vec::new(), true));
    running.end().await;
}

#[tokio::test]
async fn a_change_cuts_no_connection_off() {
    let (running, backend) = relay().await;
    let (mut client, mut peer) = joined(&running, &backend).await;
    let other = Backend::new().await;
    running.handle.publish(all_to(upstream(&[&other]))).unwrap();
    let (mut second, mut other_peer) = joined(&running, &other).await;
    running.handle.publish(Blueprint::default()).unwrap();
    for (client, peer) in [(&mut client, &mut peer), (&mut second, &mut other_peer)] {
        client.send("still").await;
        assert_eq!(peer.text(5).await, "still");
        peer.send("here").await;
        assert_eq!(client.text(4).await, "here");
    }
}

#[tokio::test]
async fn backends_are_told_whose_connection_it_is() {
    for (version, is_handed_on) in
        [(ProxyVersion::V1, false), (ProxyVersion::V2, false), (ProxyVersion::V1, true)]
    {
        let backend = Backend::new().await;
        let mut app = upstream(&[&backend]);
        app.announces = Some(version);
        let mut blueprint = all_to(app);
        if is_handed_on {
            let mut listener = ListenerSpec::clone(&blueprint.listeners[0]);
            listener.proxy_protocol = Some(ProxyProtocolSpec::new(vec!["127.0.0.0/8".parse().unwrap()]));
            blueprint.listeners[0] = Arc::new(listener);
        }
        let running = Running::start(Proxy::builder().blueprint(blueprint)).await;
        let mut client = running.client().await;
        let from = client.stream().local_addr().unwrap().port();
        if is_handed_on {
            client.send("PROXY TCP4 192.0.2.1 198.51.100.2 5555 443\r\n").await;
        }
        client.send("hello").await;
        let mut peer = backend.accept().await;
        let expected = match version {
            _ if is_handed_on => b"PROXY TCP4 192.0.2.1 198.51.100.2 5555 443\r\n".to_vec(),
            ProxyVersion::V1 => {
                format!("PROXY TCP4 127.0.0.1 127.0.0.1 {from} {}\r\n", running.port).into_bytes()
            }
            _ => [
                &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01"[..],
                &from.to_be_bytes(),
                &running.port.to_be_bytes(),
            ]
            .concat(),
        };
        assert_eq!(peer.exactly(expected.len()).await, expected);
        assert_eq!(peer.text(5).await, "hello");
    }
}

/// Connects to backends that are no sockets, and tells the test of each.
struct InMemory(mpsc::UnboundedSender<DuplexStream>);

impl Connect for InMemory {
    fn connect<'a>(&'a self, _: &'a Address) -> Connecting<'a> {
        // Little at a time, so that each side has to wait for the other.
        let (near, far) = tokio::io::duplex(1000);
        self.0.send(far).unwrap();
        Box::pin(std::future::ready(Ok(Stream::new(Pipe(near)))))
    }
}

struct Pipe(DuplexStream);

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

impl Transport for Pipe {}

#[tokio::test]
async fn what_is_no_socket_is_relayed_alike() {
    let (told, mut backends) = mpsc::unbounded_channel();
    let app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "anywhere.test", 1));
    let running = Running::start(relaying(app).connect(Arc::new(InMemory(told)))).await;
    let mut client = running.client().await;
    let mut backend = soon(backends.recv()).await.unwrap();
    let much: Vec<u8> = (0..300_000_u32).map(|number| (number ^ (number >> 8)) as u8).collect();
    let mut got = Vec::new();
    let up = async {
        client.send(&much).await;
        client.shut().await;
    };
    soon(async { tokio::join!(up, backend.read_to_end(&mut got)) }).await.1.unwrap();
    assert!(got == much);
    let down = async {
        backend.write_all(&much).await.unwrap();
        backend.shutdown().await.unwrap();
    };
    let ((), (got, in_order)) = tokio::join!(down, client.rest());
    assert!(got == much && in_order);
    running.connections(0).await;
}

/// A ClientHello that asks for this host, in two records.
fn hello(host: &str) -> Vec<u8> {
    let part = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
    let names = part(&[&[0][..], &part(host.as_bytes())].concat());
    let extensions = part(&[&[0, 0][..], &part(&names)].concat());
    let body = [&[3, 3][..], &[5; 32], &[0], &part(&[0x13, 1]), &[1, 0], &extensions].concat();
    let message = [&[1, 0][..], &part(&body)].concat();
    message.chunks(40).flat_map(|chunk| [&[22, 3, 1][..], &part(chunk)].concat()).collect()
}

#[tokio::test]
async fn a_server_name_tells_the_upstream_and_all_of_it_is_passed_on() {
    let (a, b) = (Backend::new().await, Backend::new().await);
    let mut blueprint = Blueprint::default();
    let mut listener = ListenerSpec::default();
    listener.mode = ListenerMode::Passages;
    blueprint.listeners.push(Arc::new(listener));
    for (name, host, backend) in [
        ("a", HostPattern::Exact("a.test".to_owned()), &a),
        ("b", HostPattern::Suffix("b.test".to_owned()), &b),
    ] {
        let backend = BackendSpec::new(name, "127.0.0.1", backend.port());
        blueprint.upstreams.push(Arc::new(UpstreamSpec::new(name).backend(backend)));
        blueprint.passages.push(PassageSpec::new(host, name));
    }
    let running = Running::start(Proxy::builder().blueprint(blueprint)).await;
    for (host, backend) in [("A.test.", &a), ("x.b.test", &b)] {
        let hello = hello(host);
        let mut client = running.client().await;
        // In three parts, one of which ends amid the head of a record.
        for part in [&hello[..3], &hello[3..50], &hello[50..]] {
            client.send(part).await;
            tokio::task::yield_now().await;
        }
        client.send("and more").await;
        let mut peer = backend.accept().await;
        assert_eq!(peer.exactly(hello.len()).await, hello);
        assert_eq!(peer.text(8).await, "and more");
        peer.send("a ServerHello").await;
        assert_eq!(client.text(13).await, "a ServerHello");
    }
    for host in ["b.test", "c.test", "127.0.0.1"] {
        let mut client = running.client().await;
        client.send(hello(host)).await;
        assert_eq!(client.rest().await.0, [21, 3, 3, 0, 2, 2, 112], "an alert: unrecognized_name");
    }
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").await;
    assert_eq!(client.remains().await, "");
    running.counted("handshake_failed:not_tls", 1).await;
}
