use std::time::Duration;

use super::*;

#[test]
fn only_what_is_due_in_the_window_counts() {
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    let mut outcomes = Outcomes::new(at(100), at(200));
    for due in [99, 100, 199, 200] {
        outcomes.begin(at(due));
    }
    assert!(!outcomes.are_complete(at(300)), "two requests count and are under way");
    for due in [99, 100, 199, 200] {
        assert!(due == 99 || due == 100 || !outcomes.are_complete(at(300)) || due == 200);
        outcomes.settle(at(due), at(due + 7), Outcome::Good);
    }
    assert!(outcomes.are_complete(at(300)));
    assert!(!outcomes.are_complete(at(199)), "more may be due");
    let tally = outcomes.close();
    assert_eq!((tally.requests, tally.seconds, tally.max_us), (2, 0.1, 7_000.0));
}

#[test]
fn each_outcome_has_its_count_and_refusals_their_latency() {
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    let mut outcomes = Outcomes::new(start, at(1_000));
    let failed = |what: &str| Outcome::Failed(what.to_owned());
    let (at_once, later) = (Outcome::Refused { at_once: true }, Outcome::Refused { at_once: false });
    let all = [Outcome::GivenUp, at_once, later, failed("first"), failed("second")];
    for (millis, outcome) in (1..).zip(all) {
        outcomes.settle(start, at(millis), outcome);
    }
    let expected = Surge {
        refused: 2,
        refused_p99_us: 3_000.0,
        refused_at_once: 1,
        refused_at_once_p99_us: 2_000.0,
        given_up: 1,
        failed: 2,
        first_failure: Some("first".to_owned()),
    };
    assert_eq!(outcomes.close().surge, Some(expected));
}
