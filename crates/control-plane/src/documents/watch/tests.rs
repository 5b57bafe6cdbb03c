use super::*;

fn fare(requests: u64, errors: u64, p99: Option<u64>) -> Fare {
    Fare { requests, errors, p99: p99.map(Duration::from_millis) }
}

#[track_caller]
fn check(on: &RevertOn, before: Fare, now: Fare, expected: Option<&str>) {
    assert_eq!(now.worse(&before, on).as_deref(), expected);
}

#[test]
fn more_errors_than_may_be_are_worse() {
    let on = || RevertOn { errors: Some(5.0), ..RevertOn::default() };
    check(&on(), fare(100, 1, None), fare(100, 6, None), None);
    check(
        &on(),
        fare(100, 1, None),
        fare(1000, 61, None),
        Some("6.1 % of the requests failed, 1.0 % before"),
    );
    check(&on(), fare(100, 50, None), fare(100, 1, None), None);
    check(&on(), fare(0, 0, None), fare(20, 20, None), Some("100.0 % of the requests failed, 0.0 % before"));
}

#[test]
fn a_latency_that_has_grown_too_much_is_worse() {
    let on = || RevertOn { p99: Some(2.0), ..RevertOn::default() };
    check(&on(), fare(100, 0, Some(10)), fare(100, 0, Some(20)), None);
    check(&on(), fare(100, 0, Some(10)), fare(100, 0, Some(21)), Some("p99 is 21 ms, 10 ms before"));
    check(&on(), fare(0, 0, None), fare(100, 0, Some(9000)), None);
}

#[test]
fn nothing_is_decided_on_a_few_requests() {
    let on = RevertOn { errors: Some(0.0), ..RevertOn::default() };
    check(&on, fare(0, 0, None), fare(19, 19, None), None);
    check(
        &RevertOn { least: 1, ..on },
        fare(0, 0, None),
        fare(1, 1, None),
        Some("100.0 % of the requests failed, 0.0 % before"),
    );
}

#[test]
fn who_asks_for_nothing_is_told_nothing() {
    check(&RevertOn::default(), fare(100, 0, Some(1)), fare(100, 100, Some(1000)), None);
}

fn counted(well: u64, failed: u64) -> Statistics {
    let mut statistics = Statistics::default();
    statistics.by_class[2] = well;
    statistics.by_class[5] = failed;
    statistics
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_says_nothing_of_what_is_served_again() {
    let lasts = Duration::from_secs(65);
    let memory = |before: Fare| Memory { until: Instant::now() + lasts, counted: counted(90, 60), before };
    let mut spoilt = Spoilt::default();
    spoilt.0.insert("a".into(), memory(fare(100, 1, None)));
    let told = |spoilt: &Spoilt, well, failed| spoilt.before("a", 20, || counted(well, failed));
    assert_eq!(spoilt.before("b", 20, || counted(0, 0)), None);
    assert_eq!(told(&spoilt, 90, 60), Some(fare(100, 1, None)));
    assert_eq!(told(&spoilt, 109, 60), Some(fare(100, 1, None)));
    // What came since is what counts, once it is enough.
    assert_eq!(told(&spoilt, 109, 61), Some(fare(20, 1, None)));
    tokio::time::advance(lasts).await;
    assert_eq!(told(&spoilt, 109, 61), None);
    spoilt.forget_old();
    assert!(spoilt.0.is_empty());
}
