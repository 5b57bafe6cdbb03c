//! PING, GOAWAY, errors of connections, and what extends HTTP/2: RFC 9113 sections 5.4.1, 5.5, 6.7, 6.8, 7 and 8.4.

use harness::frames::{Frame, code, flag, kind};

use super::front;
use crate::it::http2::case::Want::{ConnectionError, End, GoAway, Pong};
use crate::it::http2::case::{Case, PING, check, get, post};

const PROTOCOL_ERROR: &[u32] = &[code::PROTOCOL_ERROR];

#[test]
fn an_error_of_a_connection_is_said_and_ends_it() {
    let front = front();
    let wrong = Frame { stream: 3, ..Frame::ping(PING) };
    let cases = [
        Case::new("5.4.1 the end").send(std::slice::from_ref(&wrong)).see(End),
        Case::new("5.4.1 GOAWAY before the end").send(&[wrong]).see(GoAway(code::PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn frames_of_an_unknown_type_are_ignored_but_within_a_field_block() {
    let front = front();
    let unknown = Frame::new(kind::UNKNOWN, 0, 0, [0; 8]);
    let cases = [
        Case::new("5.5 an unknown type").send(&[unknown.clone(), Frame::ping(PING)]).see(Pong(PING)),
        Case::new("5.5 an unknown type within a field block")
            .send(&[get(1).unfinished(), unknown])
            .see(ConnectionError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_ping_is_of_the_connection_and_of_eight_bytes() {
    let front = front();
    let cases = [
        Case::new("6.7 PING").send(&[Frame::ping(PING)]).see(Pong(PING)),
        Case::new("6.7 an answer to PING is not answered")
            .send(&[Frame::pong(*b"nobody's"), Frame::ping(PING)])
            .see(Pong(PING)),
        Case::new("6.7 PING of a stream")
            .send(&[Frame { stream: 1, ..Frame::ping(PING) }])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.7 PING of six bytes")
            .send(&[Frame::new(kind::PING, 0, 0, [0; 6])])
            .see(ConnectionError(&[code::FRAME_SIZE_ERROR])),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn goaway_is_of_the_connection() {
    let front = front();
    let case = Case::new("6.8 GOAWAY of a stream")
        .send(&[Frame { stream: 1, ..Frame::goaway(0, code::NO_ERROR) }])
        .see(ConnectionError(PROTOCOL_ERROR));
    check(&front.proxyd.address(), &[case]);
}

#[test]
fn an_unknown_code_is_a_code() {
    let front = front();
    let cases = [
        Case::new("7 GOAWAY").send(&[Frame::goaway(0, 0xff)]).see(End),
        Case::new("7 RST_STREAM").send(&[post(1), Frame::reset(1, 0xff), Frame::ping(PING)]).see(Pong(PING)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_client_promises_nothing() {
    let front = front();
    let promise = [&[0, 0, 0, 2][..], &get(1).payload].concat();
    let case = Case::new("8.4 PUSH_PROMISE")
        .send(&[post(1), Frame::new(kind::PUSH_PROMISE, flag::END_HEADERS, 1, promise)])
        .see(ConnectionError(PROTOCOL_ERROR));
    check(&front.proxyd.address(), &[case]);
}
