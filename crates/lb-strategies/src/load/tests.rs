use super::{PeakEwma, remainder};
use crate::hash::word;
use std::{sync::Arc, thread, time::Duration};

const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLI;

/// Within a hundred-thousandth, and a nanosecond for the rounding.
#[track_caller]
fn check(latency: &PeakEwma, now_nanos: u64, expected: f64) {
    let estimate = latency.estimate(now_nanos).expect("something is known") as f64;
    assert!((estimate - expected).abs() <= 1.0 + expected * 1e-5, "{estimate} instead of {expected}");
}

#[test]
fn nothing_is_known_before_the_first_sample() {
    let latency = PeakEwma::default();
    for now in [0, 1, SECOND, u64::MAX] {
        assert_eq!(latency.estimate(now), None);
    }
    latency.record(0, 0);
    assert_eq!(latency.estimate(0), Some(0), "an answer that took no time is known");
}

#[test]
fn a_slower_answer_is_the_estimate_at_once() {
    let latency = PeakEwma::new();
    for (sample, now) in [(10 * MILLI, 5), (20 * MILLI, 5), (21 * MILLI, 6), (SECOND, 7)] {
        latency.record(sample, now);
        assert_eq!(latency.estimate(now), Some(sample));
    }
}

#[test]
fn a_faster_answer_moves_the_estimate_by_the_time_since_the_last() {
    for (dt, kept) in [(0.0, 1.0), (0.001, 0.999_900_005), (1.0, 0.904_837_418), (10.0, 0.367_879_441)] {
        let latency = PeakEwma::new();
        latency.record(100 * MILLI, SECOND);
        let now = SECOND + (dt * SECOND as f64) as u64;
        latency.record(10 * MILLI, now);
        check(&latency, now, (10.0 + 90.0 * kept) * MILLI as f64);
    }
}

#[test]
fn an_estimate_that_nothing_is_added_to_falls_to_zero() {
    let latency = PeakEwma::new();
    latency.record(SECOND, SECOND);
    for (decays, left) in [(0, 1.0), (1, 0.367_879_441), (2, 0.135_335_283), (5, 0.006_737_947)] {
        let now = SECOND + decays * 10 * SECOND;
        let estimate = latency.estimate(now).expect("something is known") as f64;
        assert!((estimate / SECOND as f64 - left).abs() < 1e-5, "{decays}: {estimate}");
    }
    assert_eq!(latency.estimate(SECOND + 300 * SECOND), Some(0));
    assert_eq!(latency.estimate(u64::MAX), Some(0));
}

#[test]
fn reading_changes_nothing() {
    let latency = PeakEwma::new();
    latency.record(SECOND, 0);
    let first = latency.estimate(5 * SECOND);
    assert_eq!(latency.estimate(0), Some(SECOND));
    assert_eq!(latency.estimate(5 * SECOND), first);
}

#[test]
fn a_time_before_the_last_sample_counts_as_its_time() {
    let latency = PeakEwma::new();
    latency.record(20 * MILLI, 100 * SECOND);
    assert_eq!(latency.estimate(0), Some(20 * MILLI));
    latency.record(10 * MILLI, 50 * SECOND);
    assert_eq!(latency.estimate(100 * SECOND), Some(20 * MILLI));
}

#[test]
fn a_failure_counts_as_its_penalty_and_never_makes_the_estimate_better() {
    let latency = PeakEwma::new();
    latency.penalise(5 * SECOND, SECOND);
    assert_eq!(latency.estimate(SECOND), Some(5 * SECOND), "nothing was known");
    latency.penalise(SECOND, SECOND);
    assert_eq!(latency.estimate(SECOND), Some(5 * SECOND));

    // Ten seconds later 1.84 seconds are left: 5 are above, 1 is below.
    let later = 11 * SECOND;
    let before = latency.estimate(later);
    latency.penalise(SECOND, later);
    assert_eq!(latency.estimate(later), before);
    latency.penalise(5 * SECOND, later);
    assert_eq!(latency.estimate(later), Some(5 * SECOND));
}

#[test]
fn a_penalty_is_what_the_backend_asks_for_within_limits() {
    for (retry_after, seconds) in
        [(None, 5), (Some(0), 5), (Some(4), 5), (Some(6), 6), (Some(300), 300), (Some(86_400), 300)]
    {
        let penalty = PeakEwma::penalty_nanos(retry_after.map(Duration::from_secs));
        assert_eq!(penalty, seconds * SECOND, "{retry_after:?}");
    }
    assert_eq!(PeakEwma::penalty_nanos(Some(Duration::MAX)), 300 * SECOND);
}

#[test]
fn the_exponential_is_never_more_than_a_hundred_thousandth_off_and_always_falls() {
    let decay = PeakEwma::DECAY.as_nanos() as u64;
    let (mut largest, mut last) = (0.0_f64, f64::INFINITY);
    for step in 0..400_000 {
        let elapsed = decay / 10_000 * step;
        let value = remainder(elapsed);
        largest = largest.max((value - (-(elapsed as f64) / decay as f64).exp()).abs());
        assert!(value <= last && value >= 0.0, "{elapsed}");
        last = value;
    }
    assert!(largest < 1e-5, "{largest}");
    assert_eq!((remainder(0), remainder(u64::MAX)), (1.0, 0.0));
}

/// Fast answers at a high rate: each moves the estimate by far less than a nanosecond, and together they
/// move it all the way.
#[test]
fn many_samples_in_a_short_time_are_not_rounded_away() {
    let latency = PeakEwma::new();
    latency.record(200_000, 0);
    let mut now = 0;
    for _ in 0..2_000_000 {
        now += 5_000;
        latency.record(100_000, now);
    }
    // One decay time.
    check(&latency, now, 100_000.0 + 100_000.0 * (-1.0_f64).exp());
}

#[test]
fn a_long_random_walk_agrees_with_the_definition() {
    const SEED: u64 = 20_260_801;
    let latency = PeakEwma::new();
    let (mut now, mut estimate, mut at) = (0_u64, None::<f64>, 0_u64);
    for step in 0..200_000 {
        let random = |number: u64| word(SEED, step * 8 + number);
        now += random(1) % [1, 1_000, MILLI, SECOND, 40 * SECOND][random(2) as usize % 5];
        let weight = (-((now - at) as f64) / 1e10).exp();
        let decayed = estimate.map_or(0.0, |estimate| estimate * weight);
        let sample = random(3) % [1_000, MILLI, SECOND][random(4) as usize % 3];
        let next = match (random(5) % 8, estimate) {
            (0, _) => {
                latency.penalise(sample, now);
                decayed.max(sample as f64)
            }
            (1..5, Some(estimate)) if sample as f64 <= estimate => {
                latency.record(sample, now);
                estimate * weight + sample as f64 * (1.0 - weight)
            }
            (1..5, _) => {
                latency.record(sample, now);
                sample as f64
            }
            _ => {
                let read = latency.estimate(now);
                assert_eq!(read.is_some(), estimate.is_some(), "seed {SEED}, step {step}");
                // A hundred-thousandth of the largest sample is what the approximation may be off.
                let off = (read.unwrap_or_default() as f64 - decayed).abs();
                assert!(off <= 2.0 + 1e-5 * SECOND as f64, "seed {SEED}, step {step}: {off}");
                continue;
            }
        };
        (estimate, at) = (Some(next), now);
    }
}

#[test]
fn threads_that_write_at_once_leave_an_estimate_between_the_samples() {
    let latency = Arc::new(PeakEwma::new());
    thread::scope(|scope| {
        for worker in 1..=4_u64 {
            let latency = Arc::clone(&latency);
            scope.spawn(move || (0..20_000).for_each(|n| latency.record(worker * MILLI, n * 1_000)));
        }
    });
    let estimate = latency.estimate(0).expect("something is known");
    assert!((MILLI..=4 * MILLI).contains(&estimate), "{estimate}");
}
