use super::*;
use crate::incoming::parsed;

fn request(method: &str) -> Incoming {
    parsed(&format!("{method} / HTTP/1.1\r\nHost: a.test\r\n"))
}

fn failed(reason: Reason) -> Failed {
    Failed { reason, was_reused: false, is_final: false, fate: Fate::Unknown, is_hung: false }
}

#[track_caller]
fn check(failed: Failed, method: &str, retry: &RetrySpec, expected: Again) {
    assert_eq!(
        Tries::of(2).after_failure((&failed, 1), &request(method), retry),
        expected,
        "{failed:?} {method}"
    );
}

#[test]
fn what_a_backend_has_not_seen_goes_on_at_once_whatever_the_method() {
    for reason in [
        Reason::ConnectRefused,
        Reason::ConnectTimeout,
        Reason::DnsError,
        Reason::UpstreamTls(crate::TlsFault::Closed),
    ] {
        check(failed(reason), "POST", &RetrySpec::default(), Again::AtOnce);
        check(failed(reason), "POST", &RetrySpec { on_connect: false, ..RetrySpec::default() }, Again::No);
    }
}

#[test]
fn what_a_backend_may_have_seen_is_paid_for_and_idempotent() {
    let default = RetrySpec::default();
    for reason in [Reason::UpstreamReset, Reason::ResponseTimeout] {
        for method in ["GET", "PUT", "QUERY"] {
            check(failed(reason), method, &default, Again::Paid);
        }
        check(failed(reason), "POST", &default, Again::No);
        check(
            failed(reason),
            "POST",
            &RetrySpec { non_idempotent: true, ..RetrySpec::default() },
            Again::Paid,
        );
        check(Failed { is_final: true, ..failed(reason) }, "GET", &default, Again::No);
    }
    check(failed(Reason::UpstreamReset), "GET", &RetrySpec { on_reset: false, ..default.clone() }, Again::No);
    check(
        failed(Reason::ResponseTimeout),
        "GET",
        &RetrySpec { on_timeout: false, ..default.clone() },
        Again::No,
    );
    for reason in [Reason::BadResponse(http1::Rule::Status), Reason::RequestTimeout, Reason::ClientGone] {
        check(failed(reason), "GET", &default, Again::No);
    }
}

#[test]
fn statuses_are_asked_again_where_they_are_listed() {
    let retry = RetrySpec { on_statuses: vec![503], ..RetrySpec::default() };
    for (status, method, expected) in [
        (503, "GET", Again::Paid),
        (502, "GET", Again::No),
        (503, "POST", Again::No),
        (200, "GET", Again::No),
    ] {
        assert_eq!(
            Tries::of(1).after_answer(status, &request(method), &retry),
            expected,
            "{status} {method}"
        );
    }
}

#[test]
fn there_are_as_many_further_attempts_as_are_allowed() {
    for retries in 0..5 {
        let mut tries = Tries::of(retries);
        let made = (0..100).take_while(|_| {
            let again = tries.after_failure(
                (&failed(Reason::UpstreamReset), 1),
                &request("GET"),
                &RetrySpec::default(),
            );
            again != Again::No
        });
        assert_eq!(made.count(), retries as usize);
    }
}

#[test]
fn stale_connections_cost_nothing_twice() {
    let stale = Failed { was_reused: true, ..failed(Reason::UpstreamReset) };
    let mut tries = Tries::of(0);
    let (get, retry) = (request("GET"), RetrySpec::default());
    assert!(!tries.wants_fresh(1));
    assert_eq!(tries.after_failure((&stale, 1), &get, &retry), Again::AtOnce);
    assert_eq!([0, 1, 2].map(|number| tries.wants_fresh(number)), [false, true, false]);
    assert_eq!(tries.after_failure((&stale, 2), &get, &retry), Again::AtOnce);
    assert_eq!([0, 1, 2].map(|number| tries.wants_fresh(number)), [false, true, true]);
    assert_eq!(tries.after_failure((&stale, 0), &get, &retry), Again::No);
}

#[test]
fn a_backend_that_hangs_is_not_taken_for_a_stale_connection() {
    let hung = Failed { was_reused: true, ..failed(Reason::ResponseTimeout) };
    assert!(hung.is_of_backend());
    check(hung, "GET", &RetrySpec::default(), Again::Paid);
    check(hung, "GET", &RetrySpec { on_timeout: false, ..RetrySpec::default() }, Again::No);
    assert!(!Failed { was_reused: true, ..failed(Reason::UpstreamReset) }.is_of_backend());
}

#[test]
fn refused_streams_go_on_once_and_unseen_ones_four_times() {
    let (post, retry) = (request("POST"), RetrySpec::default());
    for (fate, times) in [(Fate::Refused, 1), (Fate::Unseen, 4)] {
        let mut tries = Tries::of(0);
        let one = Failed { fate, ..failed(Reason::UpstreamReset) };
        let made = (0..100).take_while(|_| tries.after_failure((&one, 1), &post, &retry) == Again::AtOnce);
        assert_eq!(made.count(), times);
    }
}

#[test]
fn waits_are_random_below_a_bound_that_doubles_up_to_the_longest() {
    let retry = RetrySpec::default();
    let mut tries = Tries::of(10);
    for bound in [25, 50, 100, 200, 250, 250] {
        assert_eq!(tries.after_answer(503, &request("GET"), &retry), Again::Paid);
        assert_eq!(tries.backoff(&retry, 0), Duration::ZERO);
        let longest = tries.backoff(&retry, u64::MAX);
        let bound = Duration::from_millis(bound);
        assert!(longest <= bound && longest > bound.mul_f64(0.999), "{longest:?} {bound:?}");
    }
}
