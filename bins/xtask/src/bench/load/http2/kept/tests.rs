use std::net::{SocketAddr, SocketAddrV4};
use std::thread;
use std::time::Duration;

use h2::server::{Connection, SendResponse};
use http::Response;
use tokio::net::TcpListener;

use super::*;
use crate::bench::messages::Style;

/// What is done with the connection and one of its requests; `false` ends the connection.
type Act = fn(&mut Connection<TcpStream, Bytes>, &mut SendResponse<Bytes>) -> bool;

fn answer(requests: &mut SendResponse<Bytes>) {
    let mut body = requests.send_response(Response::new(()), false).unwrap();
    body.send_data(Bytes::from_static(b"hello"), true).unwrap();
}

/// What comes of twenty requests, on two connections, to somebody who does `act` with each.
fn lane(act: Act) -> Lane {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { serve(TcpListener::from_std(listener).unwrap(), act).await });
    });
    let mut kept = Kept::new(plan(address)).unwrap();
    let start = Instant::now();
    kept.send(200, start, start + Duration::from_millis(100)).unwrap()
}

fn plan(address: SocketAddrV4) -> Plan {
    let call = Call::get_first_route(Style::Tiny).unwrap();
    let expected = Expected { body: 5, is_grpc: false };
    Plan { address, call, expected, connections: 2, streams: 1, tls: None }
}

async fn serve(listener: TcpListener, act: Act) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(socket).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                if !act(&mut connection, &mut respond) {
                    return;
                }
            }
        });
    }
}

#[test]
fn connections_are_kept() {
    let lane = lane(|_, respond| {
        answer(respond);
        true
    });
    assert_eq!((lane.answered, lane.failed), (20, 0));
    assert_eq!((lane.ended, lane.told, lane.cut), (0, 0, 0));
}

#[test]
fn connections_with_goaway_are_replaced_and_counted() {
    let lane = lane(|connection, respond| {
        answer(respond);
        connection.graceful_shutdown();
        true
    });
    assert_eq!((lane.answered, lane.failed, lane.cut), (20, 0, 0));
    // The last end may come too late.
    assert!(lane.told >= 18 && lane.ended == lane.told, "{lane:?}");
}

#[test]
fn streams_that_are_reset_are_failures_and_end_no_connection() {
    let lane = lane(|_, respond| {
        respond.send_reset(Reason::INTERNAL_ERROR);
        true
    });
    assert_eq!((lane.answered, lane.failed, lane.cut, lane.ended), (0, 20, 20, 0));
    assert_eq!(lane.repeatable, 0);
}

#[test]
fn streams_that_are_refused_are_failures_that_may_be_sent_again() {
    let lane = lane(|_, respond| {
        respond.send_reset(Reason::REFUSED_STREAM);
        true
    });
    assert_eq!((lane.failed, lane.cut, lane.repeatable), (20, 20, 20));
}

#[test]
fn connections_that_end_without_a_word_cut_their_streams() {
    let lane = lane(|_, _| false);
    assert_eq!((lane.answered, lane.failed, lane.cut, lane.repeatable, lane.told), (0, 20, 20, 0, 0));
    assert!(lane.ended >= 18, "{lane:?}");
}
