use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use super::*;
use crate::bench::backend::{self, Backend};
use crate::bench::load::tls::Handshakes;
use crate::bench::load::tls::server::{self, Manner};
use crate::bench::messages::{self, Style};

/// A load of 8 connections that expects bodies of `expected` bytes from a backend that sends `sent`.
fn load(sent: usize, expected: usize) -> Load {
    let listener = backend::listen().unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    let backend = Backend::new(listener.into(), messages::response(Style::Tiny, sent)).unwrap();
    // It serves for as long as the tests run.
    std::thread::spawn(|| backend.serve());
    let requests = messages::requests(Style::Browser, Some(10), false);
    let plan = Plan { address, requests, body: expected, connections: 8, new_connections: false, tls: None };
    Load::new(plan).unwrap()
}

#[test]
fn as_many_requests_are_answered_as_were_ordered() {
    let mut load = load(13, 13);
    for requests in [1, 500] {
        let tally = load.count(requests).unwrap();
        assert_eq!((tally.requests, tally.first_error), (requests, None));
    }
}

#[test]
fn bodies_longer_than_any_buffer_arrive_whole() {
    let tally = load(3_000_000, 3_000_000).count(20).unwrap();
    assert_eq!((tally.requests, tally.first_error), (20, None));
}

#[test]
fn a_fixed_rate_sends_one_request_for_each_due_time() {
    let tally = load(13, 13).burst(0.05, Some(1_000)).unwrap();
    assert_eq!((tally.requests, tally.first_error), (50, None));
}

#[test]
fn every_wrong_answer_is_an_error() {
    let tally = load(13, 14).count(3).unwrap();
    assert_eq!((tally.requests, tally.errors), (0, 3));
    assert_eq!(tally.first_error.as_deref(), Some("Content-Length is 13, not 14"));
}

/// A load of 8 connections over TLS, and the proxy that it is for.
fn load_over_tls(body: usize, handshakes: Handshakes, manner: Manner) -> (Load, server::Server) {
    let certified = messages::certified_requests(Style::Tiny, 1, manner != Manner::Keep);
    let (hosts, requests): (Vec<_>, _) = certified.into_iter().unzip();
    let server = server::start(server::certificate(&hosts[0]), body, manner);
    let plan = Plan {
        address: server.address,
        requests,
        body,
        connections: 8,
        new_connections: manner != Manner::Keep,
        tls: Some(tls::Plan::new(hosts, handshakes).unwrap()),
    };
    (Load::new(plan).unwrap(), server)
}

#[test]
fn requests_are_answered_over_tls() {
    for body in [13, 3_000_000] {
        let (mut load, _server) = load_over_tls(body, Handshakes::Full, Manner::Keep);
        for requests in [1, 40] {
            let tally = load.count(requests).unwrap();
            assert_eq!((tally.requests, tally.first_error), (requests, None));
        }
    }
}

#[test]
fn new_connections_make_the_handshakes_that_were_ordered() {
    for (handshakes, resumed) in [(Handshakes::Full, 0), (Handshakes::Resumed, 100 - 8)] {
        let (mut load, server) = load_over_tls(13, handshakes, Manner::Close);
        let tally = load.count(100).unwrap();
        assert_eq!((tally.requests, tally.first_error), (100, None));
        assert_eq!(server.resumed.load(Ordering::Relaxed), resumed);
        // Who begins anew has no tickets left.
        load.connect().unwrap();
        assert_eq!(load.count(8).unwrap().requests, 8);
        assert_eq!(server.resumed.load(Ordering::Relaxed), resumed);
    }
}
