use super::*;

fn fare(requests: u64, errors: f64, p99: Option<u64>) -> Fare {
    Fare { requests, errors, p99: p99.map(Duration::from_millis) }
}

#[track_caller]
fn check(on: &RevertOn, before: Fare, now: Fare, expected: Option<&str>) {
    let watch = Watch { on: None, routes: Vec::new(), before };
    assert_eq!(watch.judge(on, &now).as_deref(), expected);
}

#[test]
fn more_errors_than_may_be_are_worse() {
    let on = || RevertOn { errors: Some(5.0), ..RevertOn::default() };
    check(&on(), fare(100, 1.0, None), fare(100, 6.0, None), None);
    check(
        &on(),
        fare(100, 1.0, None),
        fare(100, 6.1, None),
        Some("6.1 % of the requests failed, 1.0 % before"),
    );
    check(&on(), fare(100, 50.0, None), fare(100, 1.0, None), None);
    check(
        &on(),
        fare(0, 0.0, None),
        fare(20, 100.0, None),
        Some("100.0 % of the requests failed, 0.0 % before"),
    );
}

#[test]
fn a_latency_that_has_grown_too_much_is_worse() {
    let on = || RevertOn { p99: Some(2.0), ..RevertOn::default() };
    check(&on(), fare(100, 0.0, Some(10)), fare(100, 0.0, Some(20)), None);
    check(&on(), fare(100, 0.0, Some(10)), fare(100, 0.0, Some(21)), Some("p99 is 21 ms, 10 ms before"));
    check(&on(), fare(0, 0.0, None), fare(100, 0.0, Some(9000)), None);
}

#[test]
fn nothing_is_decided_on_a_few_requests() {
    let on = RevertOn { errors: Some(0.0), ..RevertOn::default() };
    check(&on, fare(0, 0.0, None), fare(19, 100.0, None), None);
    check(
        &RevertOn { least: 1, ..on },
        fare(0, 0.0, None),
        fare(1, 100.0, None),
        Some("100.0 % of the requests failed, 0.0 % before"),
    );
}

#[test]
fn who_asks_for_nothing_is_told_nothing() {
    check(&RevertOn::default(), fare(100, 0.0, Some(1)), fare(100, 100.0, Some(1000)), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_says_nothing_of_what_is_served_again() {
    let figures = |errors: u64| {
        let mut figures = Figures::default();
        (figures.requests, figures.errors) = (100, errors);
        figures
    };
    let watch = |routes: &[(&str, u64)]| Watch {
        on: None,
        routes: routes
            .iter()
            .map(|(id, errors)| Watched {
                id: (*id).into(),
                counted: Statistics::default(),
                before: figures(*errors),
            })
            .collect(),
        before: Fare::default(),
    };
    let mut spoilt = Spoilt::default();
    let told = |spoilt: &Spoilt, id: &str| spoilt.before(id).map(|figures| figures.errors);
    spoilt.add(watch(&[("a", 1), ("b", 2)]), Duration::from_secs(65));
    assert_eq!(["a", "b", "other"].map(|id| told(&spoilt, id)), [Some(1), Some(2), None]);
    tokio::time::advance(Duration::from_secs(40)).await;
    spoilt.add(watch(&[("b", 2), ("c", 3)]), Duration::from_secs(65));
    tokio::time::advance(Duration::from_secs(25)).await;
    assert_eq!(["a", "b", "c"].map(|id| told(&spoilt, id)), [None, Some(2), Some(3)]);
    tokio::time::advance(Duration::from_secs(40)).await;
    assert_eq!(["a", "b", "c"].map(|id| told(&spoilt, id)), [None; 3]);
    spoilt.add(watch(&[("d", 4)]), Duration::from_secs(65));
    assert_eq!(spoilt.0.len(), 1, "what is over is forgotten");
}
