use super::*;

#[test]
fn what_failed_has_no_latency_and_the_first_reason_is_kept() {
    let mut count = Count::default();
    count.answered(Duration::from_millis(2));
    count.failed("one".to_owned());
    count.failed("another".to_owned());
    count.cut(true);
    count.cut(false);
    let lane = count.close();
    assert_eq!((lane.answered, lane.failed, lane.cut, lane.repeatable), (1, 2, 2, 1));
    assert_eq!((lane.p50_us, lane.max_us), (2_000.0, 2_000.0));
    assert_eq!(lane.first_failure.as_deref(), Some("one"));
}

#[test]
fn ends_that_were_told_are_among_all_ends() {
    let mut count = Count::default();
    count.ended(true);
    count.ended(false);
    let lane = count.close();
    assert_eq!((lane.ended, lane.told), (2, 1));
}
