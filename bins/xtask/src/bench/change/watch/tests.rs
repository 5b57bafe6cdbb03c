use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use super::*;

fn change(route: u32, number: u32) -> Change {
    Change { route, number, begun: Instant::now() }
}

#[test]
fn each_change_is_looked_for_until_it_or_a_later_one_is_there() {
    let (tell, told) = mpsc::channel();
    for made in [change(0, 1), change(7, 2), change(0, 3)] {
        tell.send(made).unwrap();
    }
    drop(tell);
    let looks = Cell::new(0);
    let look = |route| {
        looks.set(looks.get() + 1);
        match (route, looks.get()) {
            (_, 1) => bail!("refused"),
            // The first change of this route is never there alone.
            (0, looks) => Ok(if looks > 6 { 3 } else { 0 }),
            _ => Ok(2),
        }
    };
    let watched = watch(look, &told).unwrap();
    assert_eq!((watched.visible.len(), watched.failed), (3, 1));
    assert_eq!(watched.first_failure.as_deref(), Some("refused"));
}

/// What a look at a route finds where every answer is `answer`.
fn look_at(answer: &'static str) -> Result<u32> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut request = [0; 1_000];
            let received = socket.read(&mut request).unwrap();
            let expected = "GET /service-1/item HTTP/1.1\r\nHost: host-1.example.test\r\n";
            assert!(request[..received].starts_with(expected.as_bytes()));
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    Look { address, layout: Layout::Paths }.number(11)
}

#[test]
fn a_look_finds_the_number_of_a_route() {
    assert_eq!(look_at("HTTP/1.1 200 OK\r\nx-change: 17\r\nContent-Length: 0\r\n\r\n").unwrap(), 17);
    let failures = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "an answer has no X-Change"),
        ("HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n", "a look is answered with 503"),
    ];
    for (answer, failure) in failures {
        assert_eq!(look_at(answer).unwrap_err().to_string(), failure);
    }
}

#[test]
fn looks_are_frequent_at_first() {
    assert_eq!(pause(Duration::ZERO), Duration::from_micros(250));
    assert_eq!(pause(Duration::from_millis(16)), Duration::from_millis(1));
    assert_eq!(pause(Duration::from_secs(1)), Duration::from_millis(2));
}
