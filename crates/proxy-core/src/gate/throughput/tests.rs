use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[track_caller]
fn check(throughput: &Throughput, pops: usize, now: Duration, expected: Duration) {
    let time = throughput.time_for(pops, now);
    assert!(time.abs_diff(expected) < ms(1), "{time:?} instead of {expected:?}");
}

#[test]
fn the_mean_gap_tells_how_long_a_queue_takes() {
    let mut throughput = Throughput::default();
    throughput.begin(ms(1000));
    for pop in 1..=50 {
        throughput.count(ms(1000 + pop * 20));
    }
    check(&throughput, 100, ms(2000), ms(2000));
    check(&throughput, 0, ms(2000), ms(0));
}

#[test]
fn a_queue_that_has_stopped_takes_longer_and_longer() {
    let mut throughput = Throughput::default();
    throughput.count(ms(20));
    check(&throughput, 10, ms(30), ms(200));
    check(&throughput, 10, ms(2040), ms(2200));
}

#[test]
fn times_when_nobody_waits_do_not_count() {
    let mut throughput = Throughput::default();
    throughput.count(ms(20));
    throughput.begin(ms(60_000));
    throughput.count(ms(60_020));
    check(&throughput, 10, ms(60_020), ms(200));
}

#[test]
fn before_the_first_pop_the_wait_so_far_is_the_gap() {
    let mut throughput = Throughput::default();
    throughput.begin(ms(100));
    check(&throughput, 3, ms(600), ms(1500));
}
