//! TCP mode: connections that are relayed as they come, with the balancing and the limits that requests get.

mod backends;
mod beginnings;
mod transports;

use std::sync::Arc;
use std::time::Duration;

use proxy_core::spec::{Blueprint, GateSpec, ListenerMode, ListenerSpec, Settings, UpstreamSpec};
use proxy_core::{Builder, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
