//! Starting HTTP/2 and its frames: RFC 9113 sections 3.4 and 4.

use harness::frames::{Fields, Frame, code, flag, kind};

use super::front;
use crate::it::http2::case::Want::{Answer, ConnectionError, End, Pong, SettingsFirst, StreamError};
use crate::it::http2::case::{Case, PING, check, get, more, post};

const PROTOCOL_ERROR: &[u32] = &[code::PROTOCOL_ERROR];

#[test]
fn a_preface_is_as_it_must_be_or_ends_the_connection() {
    let front = front();
    let settings = Frame::settings(&[(harness::frames::setting::INITIAL_WINDOW_SIZE, 65_535)]).bytes();
    let cases = [
        Case::bare("3.4 the server's first frame")
            .send_bytes([harness::frames::PREFACE, &settings].concat())
            .see(SettingsFirst),
        Case::bare("3.4 another preface").send_bytes("INVALID CONNECTION PREFACE\r\n\r\n").see(End),
        Case::bare("3.4 a preface that ends otherwise")
            .send_bytes("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n")
            .see(End),
        Case::bare("3.4 a preface without SETTINGS")
            .send_bytes([harness::frames::PREFACE, &Frame::ping(PING).bytes()].concat())
            .see(ConnectionError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn what_a_frame_has_that_means_nothing_is_ignored() {
    let front = front();
    let cases = [
        Case::new("4.1 an unknown type")
            .send(&[Frame::new(kind::UNKNOWN, 0, 0, [0; 8]), Frame::ping(PING)])
            .see(Pong(PING)),
        Case::new("4.1 flags that are not defined").send(&[Frame::ping(PING).with(0x16)]).see(Pong(PING)),
        Case::new("4.1 the reserved bit")
            .send(&[Frame { stream: 1 << 31, ..Frame::ping(PING) }])
            .see(Pong(PING)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_frame_is_no_longer_than_was_allowed() {
    let front = front();
    let cases = [
        Case::new("4.2 DATA as long as it may be")
            .send_for(|proxy| vec![post(1), Frame::data(1, vec![b'x'; proxy.max_frame_size()]).end()])
            .see(Answer),
        Case::new("4.2 DATA of one byte more")
            .send_for(|proxy| vec![post(1), Frame::data(1, vec![b'x'; proxy.max_frame_size() + 1]).end()])
            .see(StreamError(&[code::FRAME_SIZE_ERROR])),
        Case::new("4.2 HEADERS of more")
            .send_for(|proxy| {
                let long = "x".repeat(proxy.max_frame_size());
                vec![Frame::headers(1, &Fields::request("GET", "/").and("x-long", &long)).end()]
            })
            .see(ConnectionError(&[code::FRAME_SIZE_ERROR])),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_field_block_is_whole_and_by_itself() {
    let front = front();
    let cases = [
        Case::new("4.3 a literal without a name and a value")
            .send(&[Frame::block(1, b"\x40").with(flag::END_STREAM)])
            .see(ConnectionError(&[code::COMPRESSION_ERROR])),
        Case::new("4.3 PRIORITY within a field block")
            .send(&[post(1).unfinished(), Frame::priority(1, 0, 255), Frame::continuation(1, more())])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("4.3 HEADERS of another stream within a field block")
            .send(&[post(1).unfinished(), get(3), Frame::continuation(1, more())])
            .see(ConnectionError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}
