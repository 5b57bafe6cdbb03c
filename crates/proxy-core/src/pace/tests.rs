//! Ticks are tenths of a second.

use super::*;

const RATE: u32 = 100;

#[test]
fn who_moves_enough_in_the_time_of_waiting_keeps_the_pace() {
    let mut pace = Pace::default();
    pace.wait(0);
    assert!(pace.is_kept(600, RATE, 60), "six seconds for six hundred bytes");
    pace.wait(60);
    assert!(!pace.is_kept(1199, RATE, 120));
}

#[test]
fn the_first_seconds_are_not_judged() {
    let mut pace = Pace::default();
    pace.wait(0);
    assert!(pace.is_kept(1, RATE, GRACE - 1));
    // They count later on.
    pace.wait(GRACE - 1);
    assert!(!pace.is_kept(2, RATE, GRACE));
}

#[test]
fn time_in_which_nobody_waits_for_the_client_is_not_the_clients() {
    let mut pace = Pace::default();
    for second in 0..100 {
        assert!(pace.is_kept(second, RATE, Ticks::seconds(second as u32)));
    }
    // It was waited for, and then the other side was.
    pace.wait(1000);
    pace.rest(1010);
    assert!(pace.is_kept(101, RATE, 9000));
    pace.wait(9000);
    pace.rest(9010);
    pace.rest(9500);
    assert!(pace.is_kept(102, RATE, 9999));
}

#[test]
fn waits_add_up() {
    let mut pace = Pace::default();
    for turn in 0..6 {
        pace.wait(turn * 100);
        pace.wait(turn * 100 + 5);
        pace.rest(turn * 100 + 10);
    }
    // Six seconds in all: six hundred bytes are needed.
    assert!(!{ pace }.is_kept(599, RATE, 10_000));
    assert!(pace.is_kept(600, RATE, 10_000));
}

#[test]
fn without_a_rate_every_pace_is_kept() {
    let mut pace = Pace::default();
    for turn in 1..10 {
        pace.wait(turn * 1000);
        assert!(pace.is_kept(0, 0, turn * 1000 + 999));
    }
}
