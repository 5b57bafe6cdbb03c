//! The first rule as written wins.

use super::super::*;
use super::{get, rule};

fn matcher(rules: Vec<Rule<String>>) -> Matcher<String> {
    Matcher::compile_in(RouteOrder::Written, rules).unwrap()
}

/// Cases are a host, a path, and host and path of the rule that wins.
#[track_caller]
fn check(rules: &[(&str, &str)], cases: &[(&str, &str, &str)]) {
    let matcher = matcher(rules.iter().map(|(host, path)| rule(host, path, Conditions::default())).collect());
    for (host, path, expected) in cases {
        let found = matcher.find(&get(host, path)).map_or("nothing", String::as_str);
        assert_eq!(found, *expected, "{host} {path}");
    }
}

#[test]
fn the_first_prefix_wins_over_longer_ones_and_exact_paths_behind_it() {
    check(
        &[("*", "/b/c"), ("*", "/a*"), ("*", "/abc*"), ("*", "/ab"), ("*", "/b/*"), ("*", "/*")],
        &[
            ("h", "/abc", "* /a*"),
            ("h", "/ab", "* /a*"),
            ("h", "/a", "* /a*"),
            ("h", "/b/c", "* /b/c"),
            ("h", "/b/d", "* /b/*"),
            ("h", "/b", "* /b/*"),
            ("h", "/", "* /*"),
        ],
    );
    check(&[("*", "/*"), ("*", "/a"), ("*", "/a*")], &[("h", "/a", "* /*")]);
}

#[test]
fn a_less_specific_host_wins_where_it_is_written_first() {
    check(
        &[("*.a.test", "/x*"), ("x.a.test", "/*"), ("*", "/y*"), ("*.test", "/*"), ("y.test", "/*")],
        &[
            ("x.a.test", "/x", "*.a.test /x*"),
            ("x.a.test", "/y", "x.a.test /*"),
            ("z.a.test", "/y", "* /y*"),
            ("y.test", "/z", "*.test /*"),
            ("h", "/y", "* /y*"),
            ("h", "/z", "nothing"),
        ],
    );
}

#[test]
fn expressions_have_their_place_in_the_list_like_any_other_path() {
    check(
        &[("*", "/1"), ("a.test", "~^/[0-9]"), ("*", "/2*"), ("*", "~x$"), ("*", "/*"), ("*", "~y$")],
        &[
            ("a.test", "/1", "* /1"),
            ("a.test", "/2", "a.test ~^/[0-9]"),
            ("h", "/2x", "* /2*"),
            ("h", "/x", "* ~x$"),
            ("h", "/y", "* /*"),
        ],
    );
}

#[test]
fn more_conditions_do_not_win_over_an_earlier_rule() {
    let posts = Conditions { methods: vec!["POST".to_owned()], ..Conditions::default() };
    let matcher = matcher(vec![
        Rule { value: "any".to_owned(), ..rule("*", "/a*", Conditions::default()) },
        Rule { value: "post".to_owned(), ..rule("*", "/*", posts.clone()) },
        Rule { value: "late".to_owned(), ..rule("*", "/a*", posts) },
    ]);
    let post = |path| MatchInput { method: b"POST", ..get("h", path) };
    assert_eq!(matcher.find(&post("/a")).unwrap(), "any");
    assert_eq!(matcher.find(&post("/b")).unwrap(), "post");
    assert_eq!(matcher.find(&get("h", "/b")), None);
}

#[test]
fn what_is_told_stands_as_written_and_ends_with_the_match() {
    let posts = Conditions { methods: vec!["POST".to_owned()], ..Conditions::default() };
    let matcher = matcher(vec![
        rule("*", "~^/other", Conditions::default()),
        rule("*", "/*", posts.clone()),
        rule("a.test", "/a/*", posts),
        rule("*", "/a*", Conditions::default()),
        rule("a.test", "/a/b", Conditions::default()),
        rule("*", "~^/a", Conditions::default()),
    ]);
    let steps = matcher.explain(&get("a.test", "/a/b"));
    let told: Vec<_> = steps.iter().map(|step| (step.position, step.outcome)).collect();
    let expected = [(0, Outcome::Path), (1, Outcome::Method), (2, Outcome::Method), (3, Outcome::Matched)];
    assert_eq!(told, expected);
}

/// A long list costs what its rules share with the request, not what it is long.
#[test]
fn each_of_many_prefixes_is_found() {
    const MANY: usize = 20_000;
    let rules = (0..MANY).map(|n| Rule {
        host: HostPattern::Any,
        path: PathPattern::Prefix(format!("/service/{n}/")),
        conditions: Conditions::default(),
        value: n,
    });
    let everything = Rule {
        host: HostPattern::Any,
        path: PathPattern::Prefix("/".to_owned()),
        conditions: Conditions::default(),
        value: MANY,
    };
    let matcher = Matcher::compile_in(RouteOrder::Written, rules.chain([everything]).collect()).unwrap();
    for n in 0..MANY {
        assert_eq!(matcher.find(&get("h", &format!("/service/{n}/x"))), Some(&n));
        assert_eq!(matcher.explain(&get("h", &format!("/service/{n}/x"))).len(), 1);
    }
    assert_eq!(matcher.find(&get("h", "/service/x")), Some(&MANY));
}
