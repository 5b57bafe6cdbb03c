use super::super::parameter::Parameter;
use super::super::reply::Reply;
use super::*;

const LIST: Operation = Operation::get("/x", "x", "x", |_| Ok(Reply::nothing())).query(&[
    Parameter::LIMIT,
    Parameter::after("service-a"),
    Parameter::LAYER,
]);

#[track_caller]
fn check(text: &str, wrong: &str) {
    let problem = Query::read(text, &LIST).unwrap_err();
    assert_eq!((problem.status(), problem.code()), (StatusCode::BAD_REQUEST, "invalid_parameter"));
    let shown = format!("{problem:?}");
    assert!(shown.contains(wrong), "{shown}");
}

#[test]
fn parameters_are_decoded() {
    let query = Query::read("limit=20&after=a%2Fb+c&&layer=api", &LIST).unwrap();
    assert_eq!(
        (query.number("limit"), query.text("after"), query.text("layer")),
        (Some(20), Some("a/b c"), Some("api"))
    );
    assert!(!query.flag("limit"));
}

#[test]
fn what_nobody_knows_is_refused() {
    check("limit=1&dryrun=true", "is no parameter here; known: limit, after, layer");
    check("dryRun=true", "is no parameter here");
    check("limit=1&limit=2", "`limit` comes twice");
    check("after=%ff", "not percent-encoded");
    check("%zz=1", "not percent-encoded");
}

#[test]
fn values_of_another_kind_are_refused_all_at_once() {
    for limit in ["0", "1001", "-1", "+1", "1.0", "", "a", "99999999999999999999999"] {
        check(&format!("limit={limit}"), "whole number from 1 to 1000");
    }
    check(
        "limit=0&layer=x&after=",
        "`limit` must be a whole number from 1 to 1000; `layer` must be one of: api, file; `after` must have",
    );
}

#[test]
fn the_length_of_a_text_is_counted_in_characters() {
    let long = |count: usize| format!("after={}", "%C3%BC".repeat(count));
    assert_eq!(Query::read(&long(512), &LIST).unwrap().text("after"), Some("\u{fc}".repeat(512).as_str()));
    check(&long(513), "from 1 to 512 characters");
}
