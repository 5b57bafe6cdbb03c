//! What is right is accepted.

use harness::frames::{Fields, Frame, code, flag, kind, setting};

use super::front;
use crate::it::http2::case::Want::{Answer, Data, EndOfAnswer, Pong, PongOrEnd, SettingsAck, SettingsFirst};
use crate::it::http2::case::{Case, PING, check, get, head, more, post};

#[test]
fn a_connection_begins_with_settings() {
    let front = front();
    let preface = [harness::frames::PREFACE, &Frame::settings(&[]).bytes()].concat();
    check(&front.proxyd.address(), &[Case::bare("3.4 the preface").send_bytes(preface).see(SettingsFirst)]);
}

#[test]
fn streams_take_what_their_states_allow() {
    let front = front();
    let no_window = Frame::settings(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
    let cases = [
        Case::new("5.1 idle: PRIORITY")
            .send(&[Frame::priority(1, 0, 255), Frame::ping(PING)])
            .see(Pong(PING)),
        Case::new("5.1 half-closed (remote): WINDOW_UPDATE")
            .send(&[no_window.clone(), get(1), Frame::window_update(1, 1)])
            .see(Data(1)),
        Case::new("5.1 half-closed (remote): PRIORITY")
            .send(&[no_window, get(1), Frame::priority(1, 0, 255), Frame::window_update(1, 1)])
            .see(Data(1)),
        Case::new("5.1 half-closed (remote): RST_STREAM")
            .send(&[get(1), Frame::reset(1, code::CANCEL), Frame::ping(PING)])
            .see(PongOrEnd(PING)),
        Case::new("5.1 closed: PRIORITY")
            .send(&[get(1)])
            .see(EndOfAnswer)
            .send(&[Frame::priority(1, 0, 255), Frame::ping(PING)])
            .see(Pong(PING)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn frames_of_each_type_are_taken() {
    let front = front();
    let every_setting = [
        (setting::HEADER_TABLE_SIZE, 4096),
        (setting::ENABLE_PUSH, 1),
        (setting::MAX_CONCURRENT_STREAMS, 100),
        (setting::INITIAL_WINDOW_SIZE, 65_535),
        (setting::MAX_FRAME_SIZE, 16_384),
        (setting::MAX_HEADER_LIST_SIZE, 100),
    ];
    let cases = [
        Case::new("6.1 DATA").send(&[post(1), Frame::data(1, "test").end()]).see(Answer),
        Case::new("6.1 several DATA")
            .send(&[post(1), Frame::data(1, "test"), Frame::data(1, "test").end()])
            .see(Answer),
        Case::new("6.1 DATA with padding")
            .send(&[post(1), Frame::data(1, "test").padded(6).end()])
            .see(Answer),
        Case::new("6.2 HEADERS").send(&[get(1)]).see(Answer),
        Case::new("6.2 HEADERS with padding").send(&[get(1).padded(8)]).see(Answer),
        Case::new("6.2 HEADERS with a priority").send(&[get(1).depending(0, 255)]).see(Answer),
        Case::new("6.3 PRIORITY with the least weight").send(&[Frame::priority(1, 0, 0), get(1)]).see(Answer),
        Case::new("6.3 PRIORITY with the greatest weight")
            .send(&[Frame::priority(1, 0, 255), get(1)])
            .see(Answer),
        Case::new("6.3 PRIORITY with a dependency").send(&[Frame::priority(3, 1, 0), get(1)]).see(Answer),
        Case::new("6.3 PRIORITY, exclusive").send(&[Frame::priority(1, 1 << 31, 0), get(1)]).see(Answer),
        Case::new("6.3 PRIORITY of a later stream").send(&[Frame::priority(3, 0, 255), get(1)]).see(Answer),
        Case::new("6.4 RST_STREAM")
            .send(&[post(1), Frame::reset(1, code::CANCEL), Frame::ping(PING)])
            .see(PongOrEnd(PING)),
        Case::new("6.5 SETTINGS").send(&[Frame::settings(&every_setting)]).see(SettingsAck),
        Case::new("6.7 PING").send(&[Frame::ping(PING)]).see(Pong(PING)),
        Case::new("6.8 GOAWAY")
            .send(&[Frame::goaway(0, code::NO_ERROR), Frame::ping(PING)])
            .see(PongOrEnd(PING)),
        Case::new("6.9 WINDOW_UPDATE of the connection")
            .send(&[Frame::window_update(0, 1), get(1)])
            .see(Answer),
        Case::new("6.9 WINDOW_UPDATE of a stream").send(&[get(1), Frame::window_update(1, 1)]).see(Answer),
        Case::new("6.10 CONTINUATION")
            .send(&[get(1).unfinished(), Frame::continuation(1, more())])
            .see(Answer),
        Case::new("6.10 several CONTINUATION")
            .send(&[
                get(1).unfinished(),
                Frame::continuation(1, more()).unfinished(),
                Frame::continuation(1, more()),
            ])
            .see(Answer),
        Case::new("5.5 a frame of an unknown type on a stream")
            .send(&[post(1), Frame::new(kind::UNKNOWN, 0xff, 1, [0; 8]), Frame::data(1, "").end()])
            .see(Answer),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn requests_of_each_form_are_answered() {
    let front = front();
    let with_trailers = Fields::request("POST", "/").and("trailer", "x-test");
    let trailers = Fields::new().and("x-test", "ok");
    let cases = [
        Case::new("8.1 GET").send(&[get(1)]).see(Answer),
        Case::new("8.1 HEAD").send(&[head(&Fields::request("HEAD", "/"))]).see(Answer),
        Case::new("8.1 POST").send(&[post(1), Frame::data(1, "test").end()]).see(Answer),
        Case::new("8.1 POST with trailers")
            .send(&[
                Frame::headers(1, &with_trailers),
                Frame::data(1, "test"),
                Frame::headers(1, &trailers).with(flag::END_STREAM),
            ])
            .see(Answer),
    ];
    check(&front.proxyd.address(), &cases);
}
