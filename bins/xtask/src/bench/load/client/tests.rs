use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::*;

const TWO: Expected = Expected { body: 2, ends: false };

fn pair() -> (Client, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    let client = Client::connect(address).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Blocks until bytes or the end of the connection have arrived.
fn wait_for_something_to_read(client: &Client) {
    recv(&client.socket, &mut [0; 1], RecvFlags::PEEK).unwrap();
}

/// What the client makes of each of `parts`, which arrive one after the other.
fn reads(expected: Expected, parts: &[&str]) -> Result<Vec<Progress>, String> {
    let (mut client, mut proxy) = pair();
    client.ask(b"GET", Instant::now()).unwrap();
    let mut request = [0; 3];
    proxy.read_exact(&mut request).unwrap();
    let mut scratch = vec![0; 64 * 1024];
    let mut progress = Vec::new();
    for part in parts {
        proxy.write_all(part.as_bytes()).unwrap();
        wait_for_something_to_read(&client);
        progress.push(client.read(&mut scratch, expected)?);
    }
    drop(proxy);
    if expected.ends {
        wait_for_something_to_read(&client);
        progress.push(client.read(&mut scratch, expected)?);
    }
    Ok(progress)
}

#[test]
fn a_response_may_come_whole_or_in_parts() {
    use Progress::{Answered, Partial};
    assert_eq!(reads(TWO, &["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"]), Ok(vec![Answered]));
    assert_eq!(
        reads(TWO, &["HTTP/1.1 200 OK\r\nconTENT-length: 2\r", "\n\r\n", "a", "b"]),
        Ok(vec![Partial, Partial, Partial, Answered])
    );
}

#[test]
fn the_connection_must_end_when_it_was_asked_to() {
    let ends = Expected { body: 2, ends: true };
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
    assert_eq!(reads(ends, &[whole]), Ok(vec![Progress::Answered, Progress::Ended]));
    assert!(reads(ends, &["HTTP/1.1 200 OK\r\n"]).unwrap_err().contains("closed within a response"));
}

#[test]
fn other_responses_are_errors() {
    let error = |parts: &[&str]| reads(TWO, parts).unwrap_err();
    assert_eq!(
        error(&["HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nab"]),
        "unexpected response: HTTP/1.1 502 Bad Gateway"
    );
    assert_eq!(
        error(&["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]),
        "a response has no Content-Length"
    );
    assert_eq!(error(&["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"]), "Content-Length is 3, not 2");
    assert_eq!(error(&["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc"]), "1 bytes too many in a response");
    assert_eq!(
        error(&["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "HTTP"]),
        "4 bytes came after the response"
    );
}
