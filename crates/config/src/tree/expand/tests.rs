use super::*;

fn environment(name: &str) -> Option<String> {
    match name {
        "A" => Some("one".into()),
        "EMPTY" => Some(String::new()),
        "NESTED" => Some("${A}".into()),
        _ => None,
    }
}

#[track_caller]
fn check(text: &str, result: Result<&str, &str>) {
    let result = result.map(String::from).map_err(String::from);
    assert_eq!(expanded(text, &environment, 0), result, "{text}");
}

#[test]
fn variables_are_replaced_by_their_values() {
    check("${A}", Ok("one"));
    check("x${A}y${A}z", Ok("xoneyonez"));
    check("${EMPTY}", Ok(""));
    check("${NOTHING:-two}", Ok("two"));
    check("${EMPTY:-two}", Ok("two"));
    check("${A:-two}", Ok("one"));
    check("${NOTHING:-}", Ok(""));
    check("${NOTHING:-a:-b}", Ok("a:-b"));
    check("${NOTHING:-${EMPTY:-${A}}}!", Ok("one!"));
    check("${NOTHING:-{}}", Ok("{}"));
}

#[test]
fn a_value_is_not_expanded_again() {
    check("${NESTED}", Ok("${A}"));
}

#[test]
fn two_dollars_before_a_brace_are_one_literal_dollar() {
    check("$${A}", Ok("${A}"));
    check("$$${A}", Ok("$${A}"));
    check("$A $$ {A}", Ok("$A $$ {A}"));
}

#[test]
fn what_cannot_be_expanded_says_why() {
    check("${NOTHING}", Err("the environment variable `NOTHING` is not set"));
    check(
        "${host}",
        Err("the environment variable `host` is not set; a request's own `host` is written `$host`"),
    );
    check("${A", Err("a `${` has no `}`"));
    check("${}", Err("`${}` is not a variable; write ${NAME} or ${NAME:-default}"));
    check("${a b}", Err("`${a b}` is not a variable; write ${NAME} or ${NAME:-default}"));
    let deep = format!("{}x{}", "${N:-".repeat(20), "}".repeat(20));
    check(&deep, Err("defaults are more than 8 deep in each other"));
}

#[test]
fn values_stay_bounded() {
    let large = |_: &str| Some("x".repeat(1 << 19));
    assert!(expanded("${A}${A}", &large, 0).is_ok());
    assert!(expanded("${A}${A}${A}", &large, 0).is_err());
}
