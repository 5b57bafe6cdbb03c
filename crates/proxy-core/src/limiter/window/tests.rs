use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Records a sample each `every` until the window is over: how many those were, and what it came to.
fn fill(every: Duration, latency: impl Fn(u32) -> Duration) -> (u32, Sample) {
    let mut window = Window::new(ms(0));
    (1..10_000)
        .find_map(|count| Some((count, window.record(latency(count), count, false, every * count)?)))
        .expect("the window is over some time")
}

#[test]
fn a_window_lasts_for_a_tenth_of_a_second_and_32_samples() {
    let (count, sample) = fill(Duration::from_micros(100), |_| ms(10));
    assert_eq!((count, sample.peak, sample.failed), (1024, 1024, 0.0));
    assert!(sample.latency.is_some_and(|nanos| (nanos / 1e7 - 1.0).abs() < 0.06), "{sample:?}");
    assert_eq!(fill(ms(10), |_| ms(10)).0, 32);
}

#[test]
fn a_median_that_is_uncertain_takes_more_samples() {
    // Quartiles at 10 and 30 ms, the median between them.
    let (count, _) = fill(ms(1), |count| ms(u64::from(count % 4) * 10 + 1));
    assert!(count > 64, "{count}");
}

#[test]
fn few_samples_make_do_after_a_second() {
    assert_eq!(fill(ms(100), |_| ms(100)).0, 10);
    assert_eq!(fill(ms(500), |_| ms(1)).0, 8, "but eight there are");
}

#[test]
fn few_samples_of_a_slow_upstream_make_do_after_eight_latencies() {
    assert_eq!(fill(ms(300), |_| ms(1000)).0, 27);
}

#[test]
fn what_ends_before_the_window_opens_does_not_count() {
    let mut window = Window::new(ms(1000));
    for now in 0..1000 {
        assert_eq!(window.record(ms(1), 1, true, ms(now)), None);
    }
    assert_eq!(window.samples(), 0);
}

#[test]
fn failures_are_a_share_and_have_no_latency() {
    let mut window = Window::new(ms(0));
    let mut sample = None;
    for count in 1..=100 {
        sample = sample.or(window.record(ms(15_000), 5, true, ms(20 * count)));
    }
    assert_eq!(sample, Some(Sample { latency: None, failed: 1.0, peak: 5 }));
}
