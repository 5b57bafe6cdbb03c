use std::time::{Duration, SystemTime};

use super::{Hourly, Lifetime, Renewal, Window, ask_again_after, back_off, part};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 * DAY + seconds)
}

fn since(time: SystemTime) -> u64 {
    time.duration_since(at(0)).unwrap().as_secs()
}

/// A certificate of so many days, from now on.
fn of_days(days: u64) -> Renewal {
    let lifetime = Lifetime { from: at(0), until: at(days * DAY) };
    Renewal { lifetime, window: None, before: None, random: 0 }
}

/// When it is renewed with the least and with the greatest random bits, in seconds from its begin.
#[track_caller]
fn check(renewal: Renewal, earliest: u64, latest: u64) {
    let times = [u64::MAX, 0].map(|random| since(Renewal { random, ..renewal }.at()));
    let (first, last) = (times[0].min(times[1]), times[0].max(times[1]));
    assert!(first.abs_diff(earliest) <= 1 && last.abs_diff(latest) <= 1, "{times:?}: {renewal:?}");
}

#[test]
fn a_certificate_is_renewed_when_a_third_of_its_life_is_left_or_a_little_earlier() {
    check(of_days(90), 57 * DAY, 60 * DAY);
    check(of_days(6), 6 * DAY - 2 * DAY - DAY / 5, 4 * DAY);
}

#[test]
fn the_operator_may_say_how_long_before_its_end() {
    let before = Some(Duration::from_secs(10 * DAY));
    check(Renewal { before, ..of_days(90) }, 79 * DAY, 80 * DAY);
    // What is longer than it lives would have it renewed without an end.
    check(Renewal { before, ..of_days(6) }, 3 * DAY - 3 * DAY / 10, 3 * DAY);
}

#[test]
fn a_window_of_the_authority_goes_first() {
    let before = Some(Duration::from_secs(10 * DAY));
    let window = Some(Window { start: at(20 * DAY), end: at(22 * DAY) });
    check(Renewal { window, ..of_days(90) }, 20 * DAY, 22 * DAY);
    check(Renewal { window, before, ..of_days(90) }, 20 * DAY, 22 * DAY);
}

#[test]
fn a_window_that_makes_no_sense_is_none() {
    for (start, end) in [(22, 20), (20, 20), (80, 91)] {
        let window = Some(Window { start: at(start * DAY), end: at(end * DAY) });
        check(Renewal { window, ..of_days(90) }, 57 * DAY, 60 * DAY);
    }
}

#[test]
fn no_certificate_is_replaced_as_soon_as_it_is_there() {
    let long_ago = SystemTime::UNIX_EPOCH;
    let window = Some(Window { start: long_ago, end: long_ago + Duration::from_secs(1) });
    check(Renewal { window, ..of_days(90) }, 6 * HOUR, 6 * HOUR);
    // One that lives an hour is replaced at half of it.
    let lifetime = Lifetime { from: at(0), until: at(HOUR) };
    check(Renewal { lifetime, window, ..of_days(1) }, HOUR / 2, HOUR / 2);
}

#[test]
fn a_certificate_that_ends_before_it_begins_is_no_panic() {
    let lifetime = Lifetime { from: at(DAY), until: at(0) };
    assert!(Renewal { lifetime, ..of_days(1) }.at() >= at(0));
}

#[test]
fn failures_are_tried_again_at_growing_distances() {
    let minutes =
        [(0, 1, 1), (1, 1, 1), (2, 1, 2), (3, 3, 4), (4, 6, 8), (11, 768, 1_024), (12, 1_080, 1_440)];
    for (failures, least, most) in minutes {
        let (shortest, longest) = (back_off(failures, u64::MAX), back_off(failures, 0));
        assert_eq!(longest, Duration::from_secs(60 * most), "{failures}");
        let expected = Duration::from_secs(60 * least).max(longest * 3 / 4);
        assert!(
            shortest >= expected && shortest - expected < Duration::from_secs(1),
            "{failures}: {shortest:?}"
        );
    }
    assert_eq!(back_off(u32::MAX, 0), Duration::from_secs(DAY));
}

#[test]
fn questions_are_asked_neither_all_the_time_nor_never() {
    for (said, expected) in [(0, 60), (59, 60), (6 * HOUR, 6 * HOUR), (30 * DAY, DAY)] {
        assert_eq!(ask_again_after(Duration::from_secs(said)), Duration::from_secs(expected));
    }
}

#[test]
fn within_an_hour_no_more_is_begun_than_may_be() {
    let mut recent = Hourly::new();
    assert_eq!(recent.next(at(0), 2), at(0));
    recent.begin(at(0));
    recent.begin(at(100));
    assert_eq!(recent.next(at(200), 2), at(HOUR));
    assert_eq!(recent.next(at(200), 1), at(HOUR + 100));
    assert_eq!(recent.next(at(HOUR), 2), at(HOUR));
    // Several that were begun at one time.
    recent.begin(at(HOUR));
    recent.begin(at(HOUR));
    assert_eq!(recent.next(at(HOUR), 2), at(2 * HOUR));
    assert_eq!(recent.next(at(HOUR), 4), at(HOUR));
    // The clock was set back: what was begun is not counted.
    assert_eq!(recent.next(at(10), 2), at(10));
}

#[test]
fn a_part_is_between_nothing_and_everything() {
    let whole = Duration::from_secs(1_000);
    assert_eq!(part(whole, 0), Duration::ZERO);
    assert_eq!(part(whole, 1 << 63), whole / 2);
    let most = part(whole, u64::MAX);
    assert!(most <= whole && most > whole - Duration::from_millis(1));
    assert!(part(Duration::MAX, u64::MAX) <= Duration::MAX);
}
