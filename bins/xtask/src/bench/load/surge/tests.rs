use std::net::SocketAddr;

use super::*;
use crate::bench::backend::{self, Backend};
use crate::bench::messages::{self, Style};

/// What comes of asking a backend that takes 5 ms for each request and works on `at_a_time` at once, if the
/// first request was due `late` ago.
fn surge_that_is(late: Duration, at_a_time: usize, patience: f64) -> (Tally, u64) {
    let listener = backend::listen().unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    let mut backend = Backend::new(listener.into(), messages::response(Style::Tiny, 13)).unwrap();
    backend.take_time(Duration::from_millis(5), at_a_time).unwrap();
    // It serves for as long as the tests run.
    std::thread::spawn(|| backend.serve());
    let requests = messages::requests(Style::Tiny, None, false);
    let plan = Plan { address, requests, body: 13, connections: 1, new_connections: false, tls: None };
    let wave = Wave { rate: 1_000, lead_in: 0.1, seconds: 0.1, patience };
    let tally = run_from(Instant::now() - late, &plan, wave).unwrap();
    let given_up = tally.surge.as_ref().map_or(0, |surge| surge.given_up);
    (tally, given_up)
}

fn surge(at_a_time: usize, patience: f64) -> (Tally, u64) {
    surge_that_is(Duration::ZERO, at_a_time, patience)
}

#[test]
fn each_request_of_the_window_has_one_outcome() {
    let (tally, given_up) = surge(usize::MAX, 5.0);
    assert_eq!((tally.requests, given_up), (100, 0));
    assert!(tally.p50_us >= 5_000.0, "{}", tally.p50_us);
}

#[test]
fn what_was_due_while_clients_slept_counts_as_well() {
    let (tally, given_up) = surge_that_is(Duration::from_secs(1), usize::MAX, 5.0);
    assert_eq!((tally.requests, given_up), (100, 0));
    assert!(tally.p50_us >= 800_000.0, "{}", tally.p50_us);
}

#[test]
fn a_backend_that_cannot_follow_makes_clients_give_up() {
    // It answers 200 of 1,000 per second, in the order in which they came.
    let (tally, given_up) = surge(1, 0.02);
    assert_eq!(tally.requests + given_up, 100);
    assert!(given_up > 80, "{given_up}");
}
