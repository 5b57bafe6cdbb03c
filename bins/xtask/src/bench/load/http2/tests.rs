use std::net::SocketAddr;

use super::*;
use crate::bench::backend;
use crate::bench::load::tls::server::{self, Manner};
use crate::bench::messages::Style;

/// A load of 2 connections with 5 streams each that expects messages of `expected` bytes from a gRPC
/// backend that sends and wants `sent`.
fn load(sent: usize, expected: Expected) -> Load {
    let listener = backend::listen().unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    // It serves for as long as the tests run.
    std::thread::spawn(move || backend::grpc::serve(listener, sent));
    let call = Call::unary(sent).unwrap();
    Load::new(Plan { address, call, expected, connections: 2, streams: 5, tls: None }).unwrap()
}

const GRPC: Expected = Expected { body: 13, is_grpc: true };

#[test]
fn as_many_calls_are_answered_as_were_ordered() {
    let mut load = load(13, GRPC);
    for requests in [1, 500] {
        let tally = load.count(requests).unwrap();
        assert_eq!((tally.requests, tally.first_error), (requests, None));
    }
    load.connect().unwrap();
    assert_eq!(load.count(20).unwrap().requests, 20);
}

#[test]
fn messages_longer_than_any_window_arrive_whole() {
    let tally = load(3_000_000, Expected { body: 3_000_000, is_grpc: true }).count(20).unwrap();
    assert_eq!((tally.requests, tally.first_error), (20, None));
}

#[test]
fn a_fixed_rate_sends_one_request_for_each_due_time() {
    let tally = load(13, GRPC).burst(0.05, Some(1_000)).unwrap();
    assert_eq!((tally.requests, tally.first_error), (50, None));
}

#[test]
fn every_wrong_answer_is_an_error() {
    let tally = load(13, Expected { body: 14, is_grpc: true }).count(3).unwrap();
    assert_eq!((tally.requests, tally.errors), (0, 3));
    assert_eq!(tally.first_error.as_deref(), Some("a body has 13 bytes, not 14"));
}

#[test]
fn a_proxy_that_closes_connections_is_an_error() {
    let listener = backend::listen().unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    std::thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            drop(socket);
        }
    });
    let call = Call::unary(13).unwrap();
    let mut load =
        Load::new(Plan { address, call, expected: GRPC, connections: 1, streams: 1, tls: None }).unwrap();
    let tally = load.count(3).unwrap();
    assert_eq!((tally.requests, tally.errors), (0, 3));
}

#[test]
fn a_proxy_that_does_not_agree_to_http2_is_an_error() {
    let server = server::start(server::certificate("a.example.test"), 13, Manner::Keep);
    let host = ServerName::try_from("a.example.test").unwrap();
    let tls = Some((Arc::new(tls::settings(tls::HTTP2).unwrap()), host));
    let call = Call::get(Style::Tiny, "https").unwrap();
    let expected = Expected { body: 13, is_grpc: false };
    let plan = Plan { address: server.address, call, expected, connections: 1, streams: 1, tls };
    let error = Load::new(plan).unwrap().connect().unwrap_err();
    assert_eq!(format!("{error:#}"), "cannot connect to the proxy: the proxy does not agree to HTTP/2");
}
