use super::*;
use crate::bench::load::tls::Handshakes;
use crate::bench::load::tls::server::{self, Manner, Server};
use crate::bench::messages::{self, Style};

/// A plan for clients of `server` that expect `body` bytes.
fn plan(server: &Server, body: usize) -> Plan {
    let (hosts, requests): (Vec<_>, _) =
        messages::certified_requests(Style::Tiny, 1, true).into_iter().unzip();
    let tls = Some(tls::Plan::new(hosts, Handshakes::Full).unwrap());
    Plan { address: server.address, requests, body, connections: 1, new_connections: true, tls }
}

#[test]
fn each_swap_ends_when_its_certificate_is_shown() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = server::start(Shelf::make(folder.path()).unwrap(), 13, Manner::Close);
    let tally = run(&plan(&server, 13), folder.path(), 10, 1_000).unwrap();
    let swap = tally.swap.unwrap();
    assert_eq!((swap.swaps, swap.failed, swap.first_failure), (10, 0, None));
    assert!(tally.requests >= 10 && swap.max_us > 0.0, "{} {}", tally.requests, swap.max_us);
}

#[test]
fn clients_that_fail_are_counted() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = server::start(Shelf::make(folder.path()).unwrap(), 13, Manner::Close);
    let tally = run(&plan(&server, 14), folder.path(), 3, 1_000).unwrap();
    let swap = tally.swap.unwrap();
    // The handshakes are as they must be, the answers are not.
    assert_eq!((tally.requests, tally.errors, swap.swaps), (0, 0, 3));
    assert!(swap.failed >= 3, "{}", swap.failed);
    assert_eq!(swap.first_failure.as_deref(), Some("Content-Length is 13, not 14"));
}
