use super::{Counts, Window};
use std::time::Duration;

const SPAN: Duration = Duration::from_secs(10);
const STEPS: usize = 100_000;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a window of 10 s holds at `now` of failures at these milliseconds.
#[track_caller]
fn check(failures: &[u64], now: u64, expected: u64) {
    let mut window = Window::new(SPAN);
    failures.iter().for_each(|time| window.record(false, at(*time)));
    assert_eq!(window.counts(at(now)), Counts { ok: 0, failed: expected }, "{failures:?} at {now}");
}

#[test]
fn what_is_within_the_span_counts() {
    check(&[], 0, 0);
    check(&[0, 0, 5_000], 5_000, 3);
    check(&[0, 999, 1_000], 9_999, 3);
}

#[test]
fn a_tenth_of_the_span_is_forgotten_at_a_time() {
    check(&[0, 999, 1_000], 10_000, 1);
    check(&[0, 999, 1_000], 11_000, 0);
    check(&[500], 1_000_000, 0);
    check(&[500, 10_500, 20_500], 20_500, 1);
}

#[test]
fn a_bucket_that_is_used_again_starts_from_nought() {
    check(&[0, 0, 0, 10_000], 10_000, 1);
    check(&[0, 0, 0, 100_000], 100_000, 1);
}

#[test]
fn time_that_goes_backwards_stands() {
    check(&[20_000, 3_000], 3_000, 2);
    check(&[20_000, 3_000], 29_999, 2);
    check(&[20_000, 3_000], 30_000, 0);
}

#[test]
fn the_ends_of_time_and_of_spans_are_no_trouble() {
    for span in [Duration::ZERO, Duration::from_nanos(3), Duration::MAX] {
        let mut window = Window::new(span);
        window.record(true, Duration::MAX);
        assert_eq!(window.counts(Duration::MAX), Counts { ok: 1, failed: 0 }, "{span:?}");
    }
}

#[test]
fn counts_of_shards_add_up() {
    let shards = [Counts { ok: 1, failed: 2 }, Counts { ok: 3, failed: 4 }];
    assert_eq!(shards.into_iter().sum::<Counts>(), Counts { ok: 4, failed: 6 });
    let mut full = Counts { ok: u64::MAX, failed: 1 };
    full += shards[0];
    assert_eq!((full, full.total()), (Counts { ok: u64::MAX, failed: 3 }, u64::MAX));
}

#[test]
fn a_share_is_reached_at_its_percentage_and_never_by_nothing() {
    for (ok, failed, percent, expected) in [
        (0, 0, 1, false),
        (0, 0, 0, false),
        (1, 1, 50, true),
        (1, 1, 51, false),
        (2, 1, 33, true),
        (2, 1, 34, false),
        (0, 1, 100, true),
        (1, u64::MAX - 1, 100, false),
    ] {
        assert_eq!(Counts { ok, failed }.is_failed_share(percent), expected, "{failed} to {ok}, {percent} %");
    }
}

#[test]
fn another_epoch_forgets_and_the_same_keeps() {
    let mut window = Window::new(SPAN);
    window.record(false, at(0));
    window.keep_to(0);
    assert_eq!(window.counts(at(0)).failed, 1);
    window.keep_to(1);
    assert_eq!(window.counts(at(0)).failed, 0);
    window.record(false, at(0));
    window.keep_to(1);
    assert_eq!(window.counts(at(0)).failed, 1);
}

#[test]
fn a_random_walk_agrees_with_a_list_of_all_that_happened() {
    let seed = 99;
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut window, mut history, mut now) = (Window::new(SPAN), Vec::new(), 0);
    let mut full = 0;
    for step in 0..STEPS {
        now += if random.u8(0..100) == 0 { random.u64(0..30_000) } else { random.u64(0..800) };
        let ok = random.bool();
        window.record(ok, at(now));
        history.push((now / 1_000, ok));
        let then = now + random.u64(0..4_000);
        history.retain(|(second, _)| now / 1_000 - second < 10);
        let counted = |wanted| {
            let within = |(second, ok): &&(u64, bool)| then / 1_000 - second < 10 && *ok == wanted;
            history.iter().filter(within).count() as u64
        };
        let expected = Counts { ok: counted(true), failed: counted(false) };
        assert_eq!(window.counts(at(then)), expected, "seed {seed}, step {step}");
        full += usize::from(expected.total() > 10);
    }
    assert!(full > STEPS / 4, "the walk went nowhere: {full}");
}
