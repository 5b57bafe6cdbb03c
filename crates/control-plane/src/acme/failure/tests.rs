use std::time::{Duration, SystemTime};

use instant_acme::{Error, Problem};

use super::super::wire::{Last, Note};
use super::{Concern, Failure, kind};

fn problem(kind: &str) -> Error {
    Error::Api(Problem {
        r#type: Some(kind.into()),
        detail: Some("it is so".into()),
        status: None,
        subproblems: Vec::new(),
    })
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000)
}

#[track_caller]
fn check(error: &Error, status: u16, concerns: Concern, text: &str) {
    let retry_after = now().checked_add(Duration::from_secs(60));
    let failure = Failure::of(error, &Note::saying(Last { status, retry_after }), now());
    assert_eq!((failure.concerns, failure.to_string().as_str()), (concerns, text));
    assert_eq!(failure.not_before, retry_after);
}

#[test]
fn it_is_known_whose_concern_a_failure_is() {
    let rate = problem(kind::RATE_LIMITED);
    check(&rate, 429, Concern::Rate, "it is so (urn:ietf:params:acme:error:rateLimited)");
    let account = problem(kind::UNKNOWN_ACCOUNT);
    check(&account, 400, Concern::Account, "it is so (urn:ietf:params:acme:error:accountDoesNotExist)");
    let refused = problem("urn:ietf:params:acme:error:rejectedIdentifier");
    check(&refused, 400, Concern::Name, "it is so (urn:ietf:params:acme:error:rejectedIdentifier)");
    check(&refused, 500, Concern::Authority, "it is so (urn:ietf:params:acme:error:rejectedIdentifier)");
    for kind in [kind::BAD_NONCE, kind::INTERNAL, kind::ACTION_REQUIRED] {
        check(&problem(kind), 400, Concern::Authority, &format!("it is so ({kind})"));
    }
    check(&Error::Crypto, 0, Concern::Authority, "cryptographic operation failed");
}

#[test]
fn what_is_no_problem_is_told_by_its_status() {
    let json = Error::Json(serde_json::from_str::<()>("<html>").unwrap_err());
    check(&json, 502, Concern::Authority, "the authority answers with status 502");
    let text = "failed to (de)serialize JSON: expected value at line 1 column 1";
    check(&json, 200, Concern::Authority, &format!("{text}: {}", &text[30..]));
}

#[test]
fn what_an_authority_says_is_fit_for_a_log() {
    let Error::Api(mut problem) = problem("a\nb") else { unreachable!() };
    problem.detail = Some(format!("x\r\n\u{1b}[31m{}", "y".repeat(5_000)));
    let failure = Failure::told(&problem);
    assert_eq!(failure.problem.as_deref(), Some("a b"));
    assert!(failure.detail.starts_with("x   [31my"), "{}", failure.detail);
    assert_eq!(failure.detail.chars().count(), 1_000);
}

#[test]
fn an_authority_that_takes_long_may_say_when_to_come_again() {
    let note = Note::default();
    let failure = Failure::of(&Error::Timeout(None), &note, now());
    assert_eq!((failure.concerns, failure.not_before), (Concern::Name, None));
    let soon = std::time::Instant::now() + Duration::from_secs(100);
    let failure = Failure::of(&Error::Timeout(Some(soon)), &note, now());
    let wait = failure.not_before.unwrap().duration_since(now()).unwrap();
    assert!(wait <= Duration::from_secs(100) && wait > Duration::from_secs(50), "{wait:?}");
}
