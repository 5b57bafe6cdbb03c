use super::super::frames::{GOAWAY, PING};
use super::*;

const PRIORITY: u8 = 0x2;
const WINDOW_UPDATE: u8 = 0x8;

const fn frame(kind: u8, flags: u8, len: u32) -> Frame {
    Frame { kind, flags, len }
}

/// How many of these in one moment are too many; `None` where no number is.
#[track_caller]
fn most(frame: Frame, expected: Option<u32>) {
    let mut allowance = Allowance::of_client(7);
    let too_many = (1..=100_000).find(|_| {
        allowance.received(frame, 7);
        allowance.is_overdrawn()
    });
    assert_eq!(too_many, expected, "{frame:?}");
}

#[test]
fn each_kind_of_idle_frame_has_an_end() {
    most(frame(PING, 0, 8), Some(1_001));
    most(frame(PING, ACK, 8), Some(1_001));
    most(frame(PRIORITY, 0, 5), Some(1_001));
    most(frame(WINDOW_UPDATE, 0, 4), Some(1_001));
    most(frame(0xbe, 0, 0), Some(1_001));
    most(frame(GOAWAY, 0, 8), Some(1_001));
    most(frame(DATA, 0, 0), Some(1_001));
    most(frame(SETTINGS, 0, 6), Some(101));
    most(frame(RST_STREAM, 0, 4), Some(201));
    most(frame(CONTINUATION, 0, 1), Some(33));
}

#[test]
fn messages_cost_nothing() {
    most(frame(HEADERS, 0x4, 20), None);
    most(frame(DATA, 0, 100), None);
    most(frame(DATA, END_STREAM, 0), None);
}

#[test]
fn whoever_moves_data_may_ping_and_update_along() {
    let mut allowance = Allowance::of_client(0);
    for _ in 0..100_000 {
        allowance.sent(frame(DATA, 0, 5));
        allowance.received(frame(WINDOW_UPDATE, 0, 4), 0);
        allowance.received(frame(WINDOW_UPDATE, 0, 4), 0);
        allowance.received(frame(PING, 0, 8), 0);
    }
    for _ in 0..100_000 {
        allowance.sent(frame(DATA, 0, 16_384));
        for _ in 0..64 {
            allowance.received(frame(WINDOW_UPDATE, 0, 4), 0);
        }
    }
    assert!(!allowance.is_overdrawn());
}

#[test]
fn answers_to_pings_pay_for_no_pings() {
    let mut allowance = Allowance::of_client(0);
    for _ in 0..1_001 {
        allowance.received(frame(PING, 0, 8), 0);
        allowance.sent(frame(PING, ACK, 8));
    }
    assert!(allowance.is_overdrawn());
}

#[test]
fn whoever_takes_every_other_answer_may_reset_the_rest() {
    let mut allowance = Allowance::of_client(0);
    for _ in 0..100_000 {
        allowance.received(frame(HEADERS, 0x4, 20), 0);
        allowance.completed();
        allowance.received(frame(HEADERS, 0x4, 20), 0);
        allowance.received(frame(RST_STREAM, 0, 4), 0);
    }
    assert!(!allowance.is_overdrawn());
}

#[test]
fn time_gives_some_back_and_never_more_than_there_was() {
    let mut allowance = Allowance::of_client(0);
    for _ in 0..1_000 {
        allowance.received(frame(PING, 0, 8), 0);
    }
    for _ in 0..10 {
        allowance.received(frame(PING, 0, 8), 1);
    }
    assert!(!allowance.is_overdrawn());
    allowance.received(frame(PING, 0, 8), 1);
    assert!(allowance.is_overdrawn());

    let mut rested = Allowance::of_client(0);
    let too_many = (1..=5_000).find(|_| {
        rested.received(frame(PING, 0, 8), u32::MAX);
        rested.is_overdrawn()
    });
    assert_eq!(too_many, Some(1_001));
}

#[test]
fn a_backend_may_reset_every_stream() {
    let mut allowance = Allowance::of_backend(0);
    for _ in 0..100_000 {
        allowance.sent(frame(HEADERS, 0x4, 20));
        allowance.received(frame(RST_STREAM, 0, 4), 0);
    }
    assert!(!allowance.is_overdrawn());
}
