//! What `explain` tells.

use super::super::*;
use super::{Pairs, get, rule};

fn conditions(text: &str) -> Conditions {
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    let mut conditions = Conditions::default();
    for part in text.split_whitespace() {
        match part.split_at(1) {
            ("m", method) => conditions.methods.push(method.to_owned()),
            ("h", line) => conditions.headers.push(pair(line)),
            ("q", line) => conditions.query.push(pair(line)),
            (_, block) => conditions.clients.push(block.parse().unwrap()),
        }
    }
    conditions
}

#[test]
fn every_rule_on_the_way_is_told_with_what_spoke_against_it() {
    let rules = vec![
        rule("*", "/*", conditions("")),
        rule("*", "/api/*", conditions("mPOST")),
        rule("*", "/api/*", conditions("mPOST c10.0.0.0/8")),
        rule("*", "~^/other", conditions("")),
        rule("*", "/unrelated/*", conditions("")),
        rule("a.test", "/api/*", conditions("c10.0.0.0/8")),
        rule("a.test", "/api/users", conditions("hx-canary=1")),
        rule("a.test", "/api/users", conditions("mGET qv=2")),
        rule("other.test", "/*", conditions("")),
        rule("*", "/never/*", conditions("")),
    ];
    let matcher = Matcher::compile(rules).unwrap();
    let input = get("a.test", "/api/users");
    let steps = matcher.explain(&input);
    let told: Vec<_> = steps.iter().map(|step| (step.position, step.outcome)).collect();
    let expected = [
        (7, Outcome::Query("v")),
        (6, Outcome::Header("x-canary")),
        (5, Outcome::Client),
        (3, Outcome::Path),
        (2, Outcome::Method),
        (1, Outcome::Method),
        (0, Outcome::Matched),
    ];
    assert_eq!(told, expected);
    assert_eq!(steps.last().map(|step| step.value), matcher.find(&input));
}

#[test]
fn nothing_is_told_after_the_match() {
    let rules = vec![rule("*", "/*", conditions("")), rule("*", "/a", conditions("hx-a=1"))];
    let matcher = Matcher::compile(rules).unwrap();
    let fields = Pairs(&[("x-a", "1")]);
    let steps = matcher.explain(&MatchInput { fields: &fields, ..get("h", "/a") });
    assert_eq!(steps.iter().map(|step| step.position).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_request_without_a_match_ends_with_a_failure() {
    let matcher = Matcher::compile(vec![rule("*", "/a", conditions("mPUT"))]).unwrap();
    let steps = matcher.explain(&get("h", "/a"));
    assert_eq!(steps.iter().map(|step| step.outcome).collect::<Vec<_>>(), [Outcome::Method]);
    assert!(matcher.explain(&get("h", "/b")).is_empty());
}
