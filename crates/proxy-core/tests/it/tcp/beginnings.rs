//! What comes before the bytes that are relayed: headers of the PROXY protocol, and server names.

use std::sync::Arc;

use proxy_core::Proxy;
use proxy_core::spec::{
    BackendSpec, Blueprint, HostPattern, ListenerMode, ListenerSpec, PassageSpec, ProxyProtocolSpec,
    ProxyVersion, UpstreamSpec,
};

use super::*;

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

/// Who says nothing, or not enough, before anything is decided holds nobody else up.
#[tokio::test]
async fn of_too_many_that_begin_the_first_is_given_up() {
    let backend = Backend::new().await;
    let mut announced = ListenerSpec::default();
    announced.mode = ListenerMode::Tcp { upstream: "app".to_owned() };
    announced.proxy_protocol = Some(ProxyProtocolSpec::new(vec!["127.0.0.0/8".parse().unwrap()]));
    let mut passing = ListenerSpec::default();
    passing.mode = ListenerMode::Passages;
    let (header, hello) = (b"PROXY UNKNOWN\r\n".to_vec(), hello("a.test"));
    for (listener, beginning) in [(announced, header), (passing, hello)] {
        let mut blueprint = all_to(upstream(&[&backend]));
        blueprint.listeners[0] = Arc::new(listener);
        blueprint.passages.push(PassageSpec::new(HostPattern::Exact("a.test".to_owned()), "app"));
        blueprint.settings.max_handshakes = 2;
        let running = Running::start(Proxy::builder().blueprint(blueprint)).await;
        let (mut first, mut second) = (running.client().await, running.client().await);
        second.send(&beginning[..5]).await;
        // A worker has room for 256 in any case.
        let mut others = Vec::new();
        for _ in 0..255 {
            others.push(running.client().await);
        }
        assert_eq!(first.remains().await, "");
        running.counted("handshake_limit", 1).await;
        second.send(&beginning[5..]).await;
        let _taken = backend.accept().await;
        others[254].send(&beginning).await;
        let _taken_too = backend.accept().await;
    }
}
