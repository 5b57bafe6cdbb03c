//! States of streams: RFC 9113 section 5.1.

use harness::frames::{Frame, code, setting};

use super::front;
use crate::it::http2::case::Want::{ConnectionError, EndOfAnswer, StreamError};
use crate::it::http2::case::{Case, check, get, more, post};

const PROTOCOL_ERROR: &[u32] = &[code::PROTOCOL_ERROR];
const STREAM_CLOSED: &[u32] = &[code::STREAM_CLOSED];
const EITHER: &[u32] = &[code::STREAM_CLOSED, code::PROTOCOL_ERROR];

#[test]
fn an_idle_stream_takes_only_a_head() {
    let front = front();
    let wrong = |name, frame: Frame| Case::new(name).send(&[frame]).see(ConnectionError(PROTOCOL_ERROR));
    let cases = [
        wrong("5.1 idle: DATA", Frame::data(1, "test").end()),
        wrong("5.1 idle: RST_STREAM", Frame::reset(1, code::CANCEL)),
        wrong("5.1 idle: WINDOW_UPDATE", Frame::window_update(1, 100)),
        wrong("5.1 idle: CONTINUATION", Frame::continuation(1, get(1).payload)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_stream_that_its_client_has_ended_takes_no_more() {
    let front = front();
    let cases = [
        Case::new("5.1 half-closed (remote): DATA")
            .send(&[get(1), Frame::data(1, "test").end()])
            .see(StreamError(STREAM_CLOSED)),
        Case::new("5.1 half-closed (remote): HEADERS")
            .send(&[get(1), get(1)])
            .see(StreamError(STREAM_CLOSED)),
        Case::new("5.1 half-closed (remote): CONTINUATION")
            .send(&[get(1), Frame::continuation(1, get(1).payload)])
            .see(StreamError(EITHER)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_closed_stream_takes_no_more() {
    let front = front();
    let cancelled =
        |name| Case::new(name).send(&[Frame::headers(1, &request()), Frame::reset(1, code::CANCEL)]);
    let answered = |name| Case::new(name).send(&[get(1)]).see(EndOfAnswer);
    let cases = [
        cancelled("5.1 closed by RST_STREAM: DATA")
            .send(&[Frame::data(1, "test").end()])
            .see(StreamError(STREAM_CLOSED)),
        cancelled("5.1 closed by RST_STREAM: HEADERS").send(&[get(1)]).see(StreamError(STREAM_CLOSED)),
        cancelled("5.1 closed by RST_STREAM: CONTINUATION")
            .send(&[Frame::continuation(1, more())])
            .see(StreamError(EITHER)),
        // Section 6.1 asks for a stream error, where RFC 7540 asked for a connection error.
        answered("5.1, 6.1 closed: DATA")
            .send(&[Frame::data(1, "test").end()])
            .see(StreamError(STREAM_CLOSED)),
        answered("5.1 closed: HEADERS").send(&[get(1)]).see(ConnectionError(STREAM_CLOSED)),
        answered("5.1 closed: CONTINUATION")
            .send(&[Frame::continuation(1, more())])
            .see(ConnectionError(EITHER)),
    ];
    check(&front.proxyd.address(), &cases);
}

fn request() -> harness::frames::Fields {
    harness::frames::Fields::request("GET", "/")
}

#[test]
fn streams_of_clients_have_odd_numbers_that_grow() {
    let front = front();
    let cases = [
        Case::new("5.1.1 an even number").send(&[get(2)]).see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("5.1.1 a lower number").send(&[get(5), get(3)]).see(ConnectionError(PROTOCOL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn no_more_streams_are_open_than_was_said() {
    let front = front();
    let case = Case::new("5.1.2 one stream too many")
        .send_for(|proxy| {
            let most = proxy.setting(setting::MAX_CONCURRENT_STREAMS).expect("a number of streams is said");
            let opening = (0..=most).map(|number| post(2 * number + 1));
            opening.collect()
        })
        .see(StreamError(&[code::PROTOCOL_ERROR, code::REFUSED_STREAM]));
    check(&front.proxyd.address(), &[case]);
}
