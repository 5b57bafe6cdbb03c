use super::*;

const TOLERANCE: f64 = 1.25;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn base(latency: f64) -> Base {
    let mut base = Base::new();
    assert_eq!(base.learn(latency, Load::Limited, TOLERANCE, seconds(0)), latency);
    base
}

#[track_caller]
fn check(load: Load, latency: f64, expected: f64) {
    let learnt = base(100.0).learn(latency, load, TOLERANCE, seconds(1));
    assert!((learnt - expected).abs() < 1e-9, "{learnt} instead of {expected}");
}

#[test]
fn a_lower_latency_counts_for_more_than_a_higher_one() {
    for load in [Load::Free, Load::Limited] {
        check(load, 50.0, 90.0);
    }
    check(Load::Limited, 120.0, 101.0);
    check(Load::Free, 200.0, 110.0);
}

#[test]
fn latencies_that_the_limit_may_have_caused_do_not_count() {
    check(Load::Limited, 200.0, 100.0);
}

#[test]
fn a_base_that_nothing_confirms_is_stale_in_time() {
    let mut base = base(1e8);
    base.learn(1.4e8, Load::Limited, TOLERANCE, seconds(5));
    assert!(!base.is_stale(1.4e8, seconds(9)));
    assert!(base.is_stale(1.4e8, seconds(10)));
    assert!(!base.is_stale(1e9, seconds(19)), "it takes twenty latencies");
    assert!(base.is_stale(1e9, seconds(20)));
    base.learn(1.05e8, Load::Limited, TOLERANCE, seconds(12));
    assert!(!base.is_stale(1.4e8, seconds(21)));
}

#[test]
fn a_trial_is_believed_and_half_way_where_it_is_slower() {
    let mut base = base(100.0);
    base.try_out(300.0, seconds(20));
    assert_eq!(base.learn(200.0, Load::Limited, TOLERANCE, seconds(20)), 200.0);
    assert!(!base.is_stale(1.0, seconds(29)));
    base.try_out(100.0, seconds(40));
    assert_eq!(base.learn(100.0, Load::Limited, TOLERANCE, seconds(40)), 100.0);
}

#[test]
fn it_rises_to_a_higher_latency_only() {
    let mut base = base(100.0);
    base.rise(50.0);
    assert_eq!(base.learn(100.0, Load::Limited, TOLERANCE, seconds(0)), 100.0);
    base.rise(400.0);
    assert_eq!(base.learn(400.0, Load::Limited, TOLERANCE, seconds(0)), 400.0);
}
