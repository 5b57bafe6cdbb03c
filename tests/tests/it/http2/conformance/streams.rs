//! DATA, HEADERS, PRIORITY and RST_STREAM: RFC 9113 sections 6.1 to 6.4; of RFC 7540, section 5.3.1.

use harness::frames::{Fields, Frame, code, flag, kind};

use super::front;
use crate::it::http2::case::Want::{ConnectionError, StreamError};
use crate::it::http2::case::{Case, check, get, more, post};

const PROTOCOL_ERROR: &[u32] = &[code::PROTOCOL_ERROR];
const FRAME_SIZE_ERROR: &[u32] = &[code::FRAME_SIZE_ERROR];

#[test]
fn data_has_an_open_stream_and_less_padding_than_bytes() {
    let front = front();
    let sized = Frame::headers(1, &Fields::request("POST", "/").and("content-length", "4"));
    let cases = [
        Case::new("6.1 DATA of stream 0")
            .send(&[Frame::data(0, "test").end()])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.1 DATA of a stream that is not open")
            .send(&[post(1).end(), Frame::data(1, "test").end()])
            .see(StreamError(&[code::STREAM_CLOSED])),
        Case::new("6.1 DATA with more padding than bytes")
            .send(&[sized, Frame::data(1, b"\x06Test").end().with(flag::PADDED)])
            .see(ConnectionError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn headers_have_a_stream_and_less_padding_than_bytes() {
    let front = front();
    let block = get(1).payload;
    let padding = u8::try_from(block.len() + 2).expect("it is short");
    let padded = Frame::block(1, [&[padding], &block[..]].concat()).with(flag::PADDED | flag::END_STREAM);
    let cases = [
        Case::new("6.2 PRIORITY before CONTINUATION")
            .send(&[post(1).unfinished(), Frame::priority(1, 0, 255), Frame::continuation(1, more())])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.2 HEADERS of another stream before CONTINUATION")
            .send(&[post(1).unfinished(), get(3), Frame::continuation(1, more())])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.2 HEADERS of stream 0").send(&[get(0)]).see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.2 HEADERS with more padding than bytes")
            .send(&[padded])
            .see(StreamError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn priority_has_a_stream_and_five_bytes_and_no_dependency_upon_itself() {
    let front = front();
    let cases = [
        Case::new("5.3.1 of RFC 7540: HEADERS that depend upon themselves")
            .send(&[get(1).depending(1, 255)])
            .see(StreamError(PROTOCOL_ERROR)),
        Case::new("5.3.1 of RFC 7540: PRIORITY that depends upon itself")
            .send(&[post(1), Frame::priority(1, 1, 255)])
            .see(StreamError(PROTOCOL_ERROR)),
        Case::new("5.3.1 of RFC 7540: PRIORITY of an idle stream that depends upon itself")
            .send(&[Frame::priority(1, 1, 255)])
            .see(StreamError(PROTOCOL_ERROR)),
        Case::new("6.3 PRIORITY of stream 0")
            .send(&[Frame::priority(0, 0, 255)])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.3 PRIORITY of four bytes")
            .send(&[post(1), Frame::new(kind::PRIORITY, 0, 1, [0x80, 0, 0, 1])])
            .see(StreamError(FRAME_SIZE_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_reset_has_a_stream_that_was_open_and_four_bytes() {
    let front = front();
    let cases = [
        Case::new("6.4 RST_STREAM of stream 0")
            .send(&[Frame::reset(0, code::CANCEL)])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.4 RST_STREAM of an idle stream")
            .send(&[Frame::reset(1, code::CANCEL)])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.4 RST_STREAM of three bytes")
            .send(&[post(1), Frame::new(kind::RST_STREAM, 0, 1, [0; 3])])
            .see(ConnectionError(FRAME_SIZE_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}
