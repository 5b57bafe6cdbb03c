//! Flow control: RFC 9113 section 6.9.

use harness::frames::{Frame, code, kind, setting};

use super::front;
use crate::it::http2::case::Want::{ConnectionError, Data, GoAway, Reset, SettingsAck, StreamError};
use crate::it::http2::case::{Case, check, get, post};

const MOST: u32 = (1 << 31) - 1;

fn window(size: u32) -> Frame {
    Frame::settings(&[(setting::INITIAL_WINDOW_SIZE, size)])
}

#[test]
fn a_window_grows_by_something_in_four_bytes() {
    let front = front();
    let cases = [
        Case::new("6.9 an increment of 0")
            .send(&[Frame::window_update(0, 0)])
            .see(ConnectionError(&[code::PROTOCOL_ERROR])),
        Case::new("6.9 an increment of 0 of a stream")
            .send(&[post(1), Frame::window_update(1, 0)])
            .see(StreamError(&[code::PROTOCOL_ERROR])),
        Case::new("6.9 three bytes")
            .send(&[Frame::new(kind::WINDOW_UPDATE, 0, 0, [0, 0, 1])])
            .see(ConnectionError(&[code::FRAME_SIZE_ERROR])),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn a_window_is_kept_to_and_has_a_bound() {
    let front = front();
    let cases = [
        Case::new("6.9.1 a window of one byte")
            .send(&[window(1)])
            .see(SettingsAck)
            .send(&[get(1)])
            .see(Data(1)),
        Case::new("6.9.1 more than 2^31-1")
            .send(&[Frame::window_update(0, MOST), Frame::window_update(0, MOST)])
            .see(GoAway(code::FLOW_CONTROL_ERROR)),
        Case::new("6.9.1 more than 2^31-1 of a stream")
            .send(&[post(1), Frame::window_update(1, MOST), Frame::window_update(1, MOST)])
            .see(Reset(code::FLOW_CONTROL_ERROR)),
    ];
    check(&front.proxyd.address(), &cases);
}

#[test]
fn another_first_window_changes_those_of_open_streams() {
    let front = front();
    let cases = [
        Case::new("6.9.2 a window of 0 becomes one of 1")
            .send(&[window(0)])
            .see(SettingsAck)
            .send(&[get(1), window(1)])
            .see(SettingsAck)
            .see(Data(1)),
        Case::new("6.9.2 a window becomes negative")
            .send(&[window(3)])
            .see(SettingsAck)
            .send(&[get(1)])
            .see(Data(3))
            .send(&[window(2)])
            .see(SettingsAck)
            .send(&[Frame::window_update(1, 2)])
            .see(Data(1)),
        Case::new("6.9.2 a first window of 2^31")
            .send(&[window(1 << 31)])
            .see(ConnectionError(&[code::FLOW_CONTROL_ERROR])),
    ];
    check(&front.proxyd.address(), &cases);
}
