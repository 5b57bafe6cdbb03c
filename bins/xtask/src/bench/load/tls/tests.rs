use std::net::TcpStream;
use std::time::Instant;

use super::server::{self, Manner};
use super::*;
use crate::bench::load::client::{Client, Expected, Progress};

/// What comes of one request to `host`, which the proxy has no other certificate than `certified` for.
fn ask(certified: &str, host: &str) -> Result<Client, String> {
    let server = server::start(server::certificate(certified), 2, Manner::Keep);
    let plan = Plan::new([host.to_owned()], Handshakes::Full).unwrap();
    let mut sessions = Sessions::new(plan).unwrap();
    sessions.restart(1);
    let mut client = Client::connect(server.address).unwrap();
    client.secure(sessions.begin(0, 0).unwrap());
    client.ask(b"GET / HTTP/1.1\r\n\r\n", Instant::now()).unwrap();
    let mut scratch = vec![0; 64 * 1024];
    while client.read(&mut scratch, Expected { body: 2, ends: false })? != Progress::Answered {
        // Blocks until there is more.
        let socket = TcpStream::from(client.socket.try_clone().unwrap());
        socket.peek(&mut [0]).unwrap();
    }
    Ok(client)
}

#[test]
fn a_request_is_answered_with_the_certificate_of_its_host() {
    let client = ask("a.example.test", "a.example.test").unwrap();
    let certificate = client.session().unwrap().certificate().unwrap();
    assert!(certificate.windows(14).any(|part| part == b"a.example.test"));
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    let error = ask("a.example.test", "b.example.test").unwrap_err();
    assert!(error.contains("not valid for name"), "{error}");
}

#[test]
fn a_proxy_that_does_not_resume_is_an_error() {
    let error = resume(Manner::Forget);
    assert_eq!(error.as_deref(), Some("a handshake was Some(Full), not Resumed"));
    assert_eq!(resume(Manner::Close), None);
}

/// The first error of two connections in one place, of which the second is to resume.
fn resume(manner: Manner) -> Option<String> {
    let server = server::start(server::certificate("a.example.test"), 2, manner);
    let plan = crate::bench::load::run::Plan {
        address: server.address,
        requests: vec![b"GET / HTTP/1.1\r\n\r\n".to_vec()],
        body: 2,
        connections: 1,
        new_connections: true,
        tls: Some(Plan::new(["a.example.test".to_owned()], Handshakes::Resumed).unwrap()),
    };
    crate::bench::load::run::Load::new(plan).unwrap().count(2).unwrap().first_error
}
