use super::Ramp;
use std::{iter, time::Duration};

const PLAIN: Ramp = Ramp { window: Duration::from_secs(100), least: 0.1, aggression: 1.0 };
const STEPS: usize = 100_000;

#[track_caller]
fn check(ramp: Ramp, seconds: f64, expected: f64) {
    let share = ramp.share(Duration::from_secs_f64(seconds));
    assert!((share - expected).abs() < 1e-9, "{ramp:?} after {seconds} s: {share}, not {expected}");
}

fn steps(ramp: Ramp) -> Vec<Duration> {
    iter::successors(ramp.next_step(Duration::ZERO), |step| ramp.next_step(*step)).collect()
}

#[test]
fn the_share_grows_with_time_from_the_least_to_the_whole() {
    for (seconds, expected) in
        [(0.0, 0.1), (9.0, 0.1), (10.0, 0.1), (25.0, 0.25), (99.0, 0.99), (100.0, 1.0), (1e9, 1.0)]
    {
        check(PLAIN, seconds, expected);
    }
}

#[test]
fn aggression_bends_the_way() {
    check(Ramp { aggression: 2.0, ..PLAIN }, 25.0, 0.5);
    check(Ramp { aggression: 0.5, ..PLAIN }, 50.0, 0.25);
}

#[test]
fn a_window_of_nothing_is_no_slow_start() {
    let none = Ramp { window: Duration::ZERO, ..PLAIN };
    check(none, 0.0, 1.0);
    assert_eq!(none.next_step(Duration::ZERO), None);
}

#[test]
fn values_outside_their_range_do_no_harm() {
    check(Ramp { least: -1.0, ..PLAIN }, 0.0, 0.0);
    check(Ramp { least: 7.0, ..PLAIN }, 0.0, 1.0);
    check(Ramp { least: f64::NAN, ..PLAIN }, 50.0, 0.5);
    for aggression in [0.0, -1.0, f64::NAN] {
        check(Ramp { aggression, ..PLAIN }, 50.0, 0.5);
    }
    check(Ramp { aggression: f64::INFINITY, ..PLAIN }, 50.0, 1.0);
}

#[test]
fn twenty_steps_lead_to_the_end_of_the_window() {
    let steps = steps(PLAIN);
    assert_eq!((steps.len(), steps[0], steps[1]), (20, Duration::from_secs(5), Duration::from_secs(10)));
    assert_eq!(steps.last(), Some(&PLAIN.window));
}

#[test]
fn no_window_has_more_than_twenty_steps() {
    for nanos in [1, 19, 20, 39, 1_001, u64::MAX] {
        let ramp = Ramp { window: Duration::from_nanos(nanos), ..PLAIN };
        let steps = steps(ramp);
        assert!(steps.len() <= 20, "{nanos} ns: {}", steps.len());
        assert_eq!(steps.last(), Some(&ramp.window));
    }
}

#[test]
fn on_any_way_the_share_never_falls_and_steps_lie_ahead() {
    let seed = 31;
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut ramp, mut since, mut before) = (PLAIN, Duration::ZERO, 0.0);
    for step in 0..STEPS {
        if random.u8(0..50) == 0 {
            let window = Duration::from_millis(random.u64(0..100_000));
            ramp = Ramp { window, least: random.f64(), aggression: random.f64() * 3.0 };
            (since, before) = (Duration::ZERO, 0.0);
        }
        let share = ramp.share(since);
        assert!(share >= before && share >= ramp.least && share <= 1.0, "seed {seed}, step {step}: {share}");
        let next = ramp.next_step(since);
        assert_eq!(next.is_none(), since >= ramp.window, "seed {seed}, step {step}");
        assert!(next.is_none_or(|next| next > since && next <= ramp.window), "seed {seed}, step {step}");
        before = share;
        since += Duration::from_millis(random.u64(0..5_000));
    }
}
