use std::net::{SocketAddr, TcpListener};
use std::thread;

use super::*;
use crate::bench::load::mixed::lane::Lane;
use crate::bench::load::mixed::tests::backend;
use crate::bench::load::orders;

/// What comes of ten messages to `address`.
fn lane(address: SocketAddrV4) -> orders::Lane {
    let mut lane = Lane::<Socket>::new(address, 2, messages::SOCKET_MESSAGE.to_vec()).unwrap();
    let start = Instant::now();
    lane.send(100, start, start + Duration::from_millis(100)).unwrap()
}

/// The address of somebody who agrees to one WebSocket after the other, and does `serve` with each.
fn agreeing(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddrV4 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            read_head(&mut socket).unwrap();
            socket.write_all(messages::UPGRADED.as_bytes()).unwrap();
            serve(socket);
        }
    });
    address
}

#[test]
fn messages_come_back() {
    let lane = lane(backend());
    assert_eq!((lane.answered, lane.failed, lane.ended), (10, 0, 0));
}

#[test]
fn websockets_that_end_are_counted_and_so_is_the_message_under_way() {
    let lane = lane(agreeing(|mut socket| {
        let _ = socket.read(&mut [0; 100]);
    }));
    assert_eq!((lane.answered, lane.failed, lane.ended), (0, 10, 10));
}

#[test]
fn other_messages_than_were_sent_are_failures() {
    let lane = lane(agreeing(|mut socket| {
        let _ = socket.read(&mut [0; 100]);
        // Going away (RFC 6455 section 7.4.1).
        let _ = socket.write_all(b"\x88\x02\x03\xe9");
    }));
    assert_eq!((lane.answered, lane.failed), (0, 10));
    let failure = lane.first_failure.unwrap();
    assert_eq!(failure, "a WebSocket brought something else than was sent");
}

#[test]
fn a_refusal_to_upgrade_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            read_head(&mut socket).unwrap();
            socket.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap();
        }
    });
    let lane = lane(address);
    assert_eq!((lane.failed, lane.ended), (10, 0));
    assert_eq!(lane.first_failure.as_deref(), Some("no WebSocket: HTTP/1.1 404 Not Found"));
}
