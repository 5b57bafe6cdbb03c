use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::*;

/// What comes of ten requests to somebody who does `serve` with each connection.
fn lane(serve: impl Fn(TcpStream) + Send + 'static) -> orders::Lane {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    let mut lane = Lane::<Connection>::new(address, 1, b"GET / HTTP/1.1\r\n\r\n".to_vec()).unwrap();
    let start = Instant::now();
    lane.send(100, start, start + Duration::from_millis(100)).unwrap()
}

/// Takes a request and answers it.
fn answer(socket: &mut TcpStream, fields: &str) {
    let received = socket.read(&mut [0; 1_000]).unwrap_or(0);
    if received > 0 {
        write!(socket, "HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok").unwrap();
    }
}

#[test]
fn connections_that_are_ended_after_an_answer_are_replaced_and_counted() {
    let lane = lane(|mut socket| answer(&mut socket, "Connection: close\r\n"));
    assert_eq!((lane.answered, lane.failed, lane.ended), (10, 0, 10));
}

#[test]
fn connections_that_are_ended_while_they_wait_cost_no_request() {
    let lane = lane(|mut socket| answer(&mut socket, ""));
    assert_eq!((lane.answered, lane.failed), (10, 0));
    // The last end may come too late.
    assert!((9..=10).contains(&lane.ended), "{}", lane.ended);
}

#[test]
fn requests_on_connections_that_are_ended_instead_of_an_answer_fail() {
    let lane = lane(|mut socket| {
        let _ = socket.read(&mut [0; 1_000]);
    });
    assert_eq!((lane.answered, lane.failed, lane.ended), (0, 10, 10));
    assert_eq!(lane.first_failure.as_deref(), Some("a connection was closed before its answer"));
}

#[test]
fn other_answers_than_200_are_failures() {
    let lane = lane(|mut socket| {
        loop {
            if socket.read(&mut [0; 1_000]).unwrap_or(0) == 0 {
                return;
            }
            let _ = socket.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        }
    });
    assert_eq!((lane.answered, lane.failed, lane.ended), (0, 10, 0));
}

#[test]
fn a_connection_whose_end_has_come_already_is_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    let mut lane = Lane::<Connection>::new(address, 1, b"GET / HTTP/1.1\r\n\r\n".to_vec()).unwrap();
    lane.open(0).unwrap();
    (lane.empty, lane.idle) = (Vec::new(), VecDeque::from([0]));
    let (socket, _) = listener.accept().unwrap();
    drop(socket);
    let mut count = Count::default();
    assert_eq!(lane.place(&mut count), Ok(0));
    let (socket, _) = listener.accept().unwrap();
    assert!(lane.lines[0].as_ref().is_some_and(|line| line.asked().is_none()));
    drop(socket);
    assert_eq!((count.close().ended, lane.idle.len()), (1, 0));
}
