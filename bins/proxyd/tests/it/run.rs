use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::Value;

use crate::process::{Running, file, proxyd};

const TEAPOT: &str = "listeners: [{ address: \"127.0.0.1:0\" }]\nroutes: [{ respond: { status: 418 } }]\n";

/// Starts proxyd with this text; returns it and the address that it listens at.
fn start(text: &str) -> (Running, SocketAddr) {
    let file = file(text);
    let mut running = Running::start(proxyd(&["-c", file.path().to_str().unwrap()]));
    let lines = running.log_until("\"listening\"");
    let line: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    (running, line["address"].as_str().unwrap().parse().unwrap())
}

/// The answer to a request, up to the end of the connection.
fn ask(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /../ HTTP/1.1\r\nHost: example.com\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_until_a_signal_and_sums_up() {
    for signal in ["-TERM", "-INT"] {
        let (mut running, address) = start(TEAPOT);
        assert!(ask(address).starts_with("HTTP/1.1 400 "));
        running.signal(signal);
        let lines = running.log_until("\"ended\"");
        let line: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        assert_eq!((&line["requests"], &line["requests_4xx"]), (&1.into(), &1.into()));
        assert_eq!(line["request_reasons"], "bad_request:escapes_root=1");
        assert_eq!(running.wait(), Some(0));
    }
}

#[test]
fn a_hangup_is_logged_and_changes_nothing() {
    let (mut running, address) = start(TEAPOT);
    running.signal("-HUP");
    running.log_until("SIGHUP");
    assert!(ask(address).starts_with("HTTP/1.1 400 "));
    running.signal("-TERM");
    assert_eq!(running.wait(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait_for_what_is_in_flight() {
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut running, address) = start(&format!(
        "listeners: [{{ address: \"127.0.0.1:0\" }}]\nproxy: {{ drainTimeout: 1d }}\n\
         upstreams: [{{ name: app, url: \"http://{}\" }}]\nroutes: [{{ upstream: app }}]\n",
        backend.local_addr().unwrap()
    ));
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").unwrap();
    let _in_flight = backend.accept().unwrap();
    running.signal("-TERM");
    running.log_until("draining");
    running.signal("-TERM");
    running.log_until("ending at once");
    assert_eq!(running.wait(), Some(0));
}

#[test]
fn an_address_that_is_taken_ends_it_with_1_and_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let file = file(&format!("listeners: [{{ address: \"{address}\" }}]\nroutes: [{{ respond: {{}} }}]\n"));
    let mut running = Running::start(proxyd(&["run", "-c", file.path().to_str().unwrap()]));
    let lines = running.log_until("cannot listen");
    let line: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((&line["address"], &line["level"]), (&address.to_string().into(), &"ERROR".into()));
    assert_eq!(running.wait(), Some(1));
}

#[test]
fn text_is_logged_for_people() {
    let file = file(&format!("logging: {{ format: text }}\n{TEAPOT}"));
    let mut running = Running::start(proxyd(&["-c", file.path().to_str().unwrap()]));
    let lines = running.log_until("listening address=127.0.0.1:");
    assert!(lines.iter().all(|line| line.contains("Z  INFO ") && !line.contains('\u{1b}')), "{lines:?}");
    running.signal("-TERM");
    assert_eq!(running.wait(), Some(0));
}
