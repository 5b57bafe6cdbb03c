//! SETTINGS: RFC 9113 section 6.5.

use harness::frames::{Frame, code, flag, kind, setting};

use super::front;
use crate::it::http2::case::Want::{Answer, ConnectionError, Data, Pong, SettingsAck};
use crate::it::http2::case::{Case, PING, check, get};

const PROTOCOL_ERROR: &[u32] = &[code::PROTOCOL_ERROR];
const FRAME_SIZE_ERROR: &[u32] = &[code::FRAME_SIZE_ERROR];

#[test]
fn settings_are_of_the_connection_and_of_six_bytes_each() {
    let front = front();
    let cases = [
        Case::new("6.5 an answer to SETTINGS with a payload")
            .send(&[Frame::new(kind::SETTINGS, flag::ACK, 0, [0])])
            .see(ConnectionError(FRAME_SIZE_ERROR)),
        Case::new("6.5 SETTINGS of a stream")
            .send(&[Frame { stream: 1, ..Frame::settings(&[(setting::MAX_CONCURRENT_STREAMS, 16)]) }])
            .see(ConnectionError(PROTOCOL_ERROR)),
        Case::new("6.5 SETTINGS of three bytes")
            .send(&[Frame::new(kind::SETTINGS, 0, 0, [0, 3, 0])])
            .see(ConnectionError(FRAME_SIZE_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn settings_have_values_that_they_can_have() {
    let front = front();
    let wrong = |name, id, value, codes| {
        Case::new(name).send(&[Frame::settings(&[(id, value)])]).see(ConnectionError(codes))
    };
    let cases = [
        wrong("6.5.2 ENABLE_PUSH of 2", setting::ENABLE_PUSH, 2, PROTOCOL_ERROR),
        wrong(
            "6.5.2 INITIAL_WINDOW_SIZE of 2^31",
            setting::INITIAL_WINDOW_SIZE,
            1 << 31,
            &[code::FLOW_CONTROL_ERROR],
        ),
        wrong("6.5.2 MAX_FRAME_SIZE below 2^14", setting::MAX_FRAME_SIZE, 16_383, PROTOCOL_ERROR),
        wrong("6.5.2 MAX_FRAME_SIZE of 2^24", setting::MAX_FRAME_SIZE, 1 << 24, PROTOCOL_ERROR),
        Case::new("6.5.2 an unknown setting")
            .send(&[Frame::settings(&[(0xff, 1)]), Frame::ping(PING)])
            .see(Pong(PING)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn settings_are_taken_in_order_and_answered_at_once() {
    let front = front();
    let two = [(setting::INITIAL_WINDOW_SIZE, 100), (setting::INITIAL_WINDOW_SIZE, 1)];
    let cases = [
        Case::new("6.5.3 one setting twice")
            .send(&[Frame::settings(&two)])
            .see(SettingsAck)
            .send(&[get(1)])
            .see(Data(1)),
        Case::new("6.5.3 the answer to SETTINGS")
            .send(&[Frame::settings(&[(setting::ENABLE_PUSH, 0)])])
            .see(SettingsAck),
        Case::new("6.5.3 no table for field blocks")
            .send(&[Frame::settings(&[(setting::HEADER_TABLE_SIZE, 0)])])
            .see(SettingsAck)
            .send(&[get(1)])
            .see(Answer),
    ];
    check(&front.proxyd.address(), &cases);
}
