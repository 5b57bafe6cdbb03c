use super::Backoff;
use std::time::Duration;

const PLAIN: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60), jitter: 0.0 };

#[test]
fn waits_double_up_to_the_longest() {
    let waits: Vec<u64> = (0..9).map(|tries| PLAIN.wait(tries, u64::MAX).as_secs()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn any_number_of_tries_is_waited_for_at_most_the_longest() {
    for tries in [31, 32, 33, 64, u32::MAX] {
        assert_eq!(PLAIN.wait(tries, 0), Duration::from_secs(60), "{tries}");
    }
}

#[test]
fn jitter_shortens_and_never_lengthens() {
    let backoff = Backoff { jitter: 0.5, ..PLAIN };
    assert_eq!(backoff.wait(3, 0), Duration::from_secs(8));
    assert_eq!(backoff.wait(3, 1 << 63), Duration::from_secs(6));
    let shortest = backoff.wait(3, u64::MAX);
    assert!(shortest >= Duration::from_secs(4) && shortest < Duration::from_millis(4_001), "{shortest:?}");
}

#[test]
fn a_jitter_outside_its_range_is_taken_as_the_nearest_one_inside() {
    assert_eq!(Backoff { jitter: -3.0, ..PLAIN }.wait(0, u64::MAX), Duration::from_secs(1));
    assert!(Backoff { jitter: 3.0, ..PLAIN }.wait(0, u64::MAX) < Duration::from_millis(1));
}

#[test]
fn the_longest_wait_bounds_the_first_one_too() {
    let backoff = Backoff { longest: Duration::from_millis(10), ..PLAIN };
    assert_eq!(backoff.wait(0, 0), Duration::from_millis(10));
}

#[test]
fn waits_without_an_end_do_no_harm() {
    let backoff = Backoff { first: Duration::MAX, longest: Duration::MAX, jitter: 0.5 };
    assert_eq!(backoff.wait(40, 0), Duration::MAX);
    assert!(backoff.wait(40, u64::MAX) < Duration::MAX);
    assert_eq!(Backoff { jitter: f64::NAN, ..PLAIN }.wait(0, u64::MAX), Duration::from_secs(1));
}
