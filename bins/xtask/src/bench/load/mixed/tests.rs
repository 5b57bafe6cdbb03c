use std::net::SocketAddr;

use super::*;
use crate::bench::backend::{self, Backend};

/// A backend that answers and echoes, for as long as the tests run.
pub(super) fn backend() -> SocketAddrV4 {
    let listener = backend::listen().unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    let mut backend = Backend::new(listener.into(), messages::response(Style::Tiny, 13)).unwrap();
    backend.echo();
    thread::spawn(|| backend.serve());
    address
}

#[test]
fn each_kind_of_client_has_its_own_figures() {
    let http1 = backend();
    // Nobody listens there.
    let http2 = SocketAddrV4::new([127, 0, 0, 1].into(), 1);
    let plan = Plan { http1, http2, connections: 4, streams: 2, style: Style::Tiny, body: 13 };
    let mut clients = Clients::new(&plan).unwrap();
    for _ in 0..2 {
        let mix = Mix { seconds: 0.1, http1: 1_000, http2: 100, sockets: 500 };
        let tally = clients.send(mix).unwrap();
        let mixed = tally.mixed.unwrap();
        assert_eq!((mixed.http1.answered, mixed.http1.failed, mixed.http1.ended), (100, 0, 0));
        assert_eq!((mixed.sockets.answered, mixed.sockets.failed, mixed.sockets.ended), (50, 0, 0));
        assert_eq!((mixed.http2.answered, mixed.http2.failed), (0, 10));
        assert_eq!(tally.requests, 150);
    }
}
