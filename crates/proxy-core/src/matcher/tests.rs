//! The order of rules, one table of cases per rule of the order.

mod explaining;
mod model;
mod size;
mod written;

use super::*;

/// Fields as pairs.
pub(super) struct Pairs<'a>(pub(super) &'a [(&'a str, &'a str)]);

impl FieldLookup for Pairs<'_> {
    fn has_value(&self, lower_case_name: &str, value: &[u8]) -> bool {
        self.0.iter().any(|line| line.0 == lower_case_name && line.1.as_bytes() == value)
    }
}

/// A request for `GET` of a host and a path, with nothing else.
pub(super) fn get<'a>(host: &'a str, path: &'a str) -> MatchInput<'a> {
    MatchInput {
        host,
        path: path.as_bytes(),
        method: b"GET",
        query: None,
        client: IpAddr::from([192, 0, 2, 1]),
        fields: &Pairs(&[]),
    }
}

/// A rule whose value is its text.
pub(super) fn rule(host: &str, path: &str, conditions: Conditions) -> Rule<String> {
    Rule {
        host: HostPattern::parse(host).unwrap(),
        path: PathPattern::parse(path).unwrap(),
        conditions,
        value: format!("{host} {path}"),
    }
}

fn matcher(rules: &[(&str, &str)]) -> Matcher<String> {
    Matcher::compile(rules.iter().map(|(host, path)| rule(host, path, Conditions::default())).collect())
        .unwrap()
}

/// Cases are a host, a path, and host and path of the rule that wins.
#[track_caller]
fn check(rules: &[(&str, &str)], cases: &[(&str, &str, &str)]) {
    // The order written is not to matter, unless expressions are among the rules.
    let mut reversed = rules.to_vec();
    reversed.reverse();
    for rules in [rules, &*reversed] {
        let matcher = matcher(rules);
        for (host, path, expected) in cases {
            let found = matcher.find(&get(host, path)).map_or("nothing", String::as_str);
            assert_eq!(found, *expected, "{host} {path}");
        }
    }
}

#[test]
fn an_exact_host_wins_over_wildcards_and_these_over_any() {
    let rules = [
        ("*", "/*"),
        ("*.test", "/*"),
        ("*.a.test", "/*"),
        ("*.b.a.test", "/*"),
        ("x.a.test", "/*"),
        ("a.test", "/*"),
    ];
    let cases = [
        ("x.a.test", "/", "x.a.test /*"),
        ("y.a.test", "/", "*.a.test /*"),
        ("y.x.a.test", "/", "*.a.test /*"),
        ("y.b.a.test", "/", "*.b.a.test /*"),
        ("b.a.test", "/", "*.a.test /*"),
        ("a.test", "/", "a.test /*"),
        ("b.test", "/", "*.test /*"),
        ("test", "/", "* /*"),
        ("xa.test", "/", "*.test /*"),
        (".a.test", "/", "* /*"),
        ("", "/", "* /*"),
    ];
    check(&rules, &cases);
}

#[test]
fn a_wildcard_needs_a_label_in_front_and_takes_any_number() {
    let cases = [
        ("x.a.test", "/", "*.a.test /*"),
        ("y.x.a.test", "/", "*.a.test /*"),
        ("a.test", "/", "nothing"),
        ("xa.test", "/", "nothing"),
        (".a.test", "/", "nothing"),
        ("test", "/", "nothing"),
        ("", "/", "nothing"),
    ];
    check(&[("*.a.test", "/*")], &cases);
}

#[test]
fn an_exact_path_wins_over_prefixes_and_the_longest_prefix_over_shorter_ones() {
    let rules = [
        ("*", "/*"),
        ("*", "/api*"),
        ("*", "/api/*"),
        ("*", "/api/users"),
        ("*", "/api/users/*"),
        ("*", "/ap"),
    ];
    let cases = [
        ("h", "/", "* /*"),
        ("h", "/a", "* /*"),
        ("h", "/ap", "* /ap"),
        ("h", "/api", "* /api/*"),
        ("h", "/api/", "* /api/*"),
        ("h", "/apis", "* /api*"),
        ("h", "/api.", "* /api*"),
        ("h", "/api/users", "* /api/users"),
        ("h", "/api/users/", "* /api/users/*"),
        ("h", "/api/users/1", "* /api/users/*"),
        ("h", "/api/user", "* /api/*"),
    ];
    check(&rules, &cases);
}

#[test]
fn a_prefix_of_whole_segments_also_matches_the_folder_itself_but_no_longer_name() {
    let cases = [
        ("h", "/api", "* /api/*"),
        ("h", "/api/", "* /api/*"),
        ("h", "/api/x", "* /api/*"),
        ("h", "/apix", "nothing"),
        ("h", "/api..", "nothing"),
        ("h", "/ap", "nothing"),
    ];
    check(&[("*", "/api/*")], &cases);
    let cases = [("h", "/admin", "* /admin*"), ("h", "/adminx/y", "* /admin*"), ("h", "/admi", "nothing")];
    check(&[("*", "/admin*")], &cases);
}

/// Nobody should write it, and it is never the prefix of a normal path.
#[test]
fn a_prefix_that_ends_with_two_slashes_is_not_taken_for_one() {
    let prefixes = ["/apix", "/api//"].map(|text| Rule {
        host: HostPattern::Any,
        path: PathPattern::Prefix(text.to_owned()),
        conditions: Conditions::default(),
        value: text,
    });
    let matcher = Matcher::compile(prefixes.to_vec()).unwrap();
    assert_eq!(matcher.find(&get("h", "/api")), None);
    assert_eq!(matcher.find(&get("h", "/apix/y")), Some(&"/apix"));
}

#[test]
fn expressions_stand_between_exact_paths_and_prefixes_in_the_order_written() {
    let rules = [
        ("*", "/*"),
        ("*", "/v1/long/prefix*"),
        ("*", "~^/v[0-9]"),
        ("*", "~^/v1"),
        ("*", "~x$"),
        ("*", "/v1"),
    ];
    let matcher = matcher(&rules);
    let cases = [
        ("/v1", "* /v1"),
        ("/v1/long/prefix/a", "* ~^/v[0-9]"),
        ("/v1x", "* ~^/v[0-9]"),
        ("/xx", "* ~x$"),
        ("/y", "* /*"),
    ];
    for (path, expected) in cases {
        assert_eq!(matcher.find(&get("h", path)).unwrap(), expected, "{path}");
    }
}

#[test]
fn more_conditions_win_over_fewer_and_then_the_order_written() {
    let conditions = |methods: &[&str], headers: usize, query: usize, clients: bool| Conditions {
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        headers: [("x-a".to_owned(), "1".to_owned()), ("X-B".to_owned(), "2".to_owned())][..headers].to_vec(),
        query: [("v".to_owned(), "1".to_owned())][..query].to_vec(),
        clients: if clients { vec!["192.0.2.0/24".parse().unwrap()] } else { Vec::new() },
    };
    let all = [
        conditions(&[], 0, 0, false),
        conditions(&["GET"], 0, 0, false),
        conditions(&[], 0, 0, true),
        conditions(&["POST", "GET"], 1, 0, false),
        conditions(&[], 2, 0, true),
        conditions(&["GET"], 2, 1, true),
    ];
    assert_eq!(all.iter().map(Conditions::count).collect::<Vec<_>>(), [0, 1, 1, 2, 3, 5]);
    let rules = all.into_iter().enumerate().map(|(value, conditions)| Rule {
        host: HostPattern::Any,
        path: PathPattern::Prefix("/".to_owned()),
        conditions,
        value,
    });
    let matcher = Matcher::compile(rules.collect()).unwrap();
    let fields = Pairs(&[("x-a", "0"), ("x-a", "1"), ("x-b", "2")]);
    let base = MatchInput { fields: &fields, query: Some(b"u&v=1"), ..get("h", "/") };
    let stranger = IpAddr::from([198, 51, 100, 1]);
    let nothing = Pairs(&[]);
    let cases = [
        (base, 5),
        (MatchInput { query: None, ..base }, 4),
        (MatchInput { query: None, client: stranger, ..base }, 3),
        (MatchInput { fields: &nothing, ..base }, 1),
        (MatchInput { fields: &nothing, method: b"get", ..base }, 2),
        (MatchInput { fields: &nothing, method: b"PUT", client: stranger, ..base }, 0),
    ];
    for (number, (input, expected)) in cases.into_iter().enumerate() {
        assert_eq!(matcher.find(&input), Some(&expected), "case {number}");
    }
}

#[test]
fn a_host_whose_rules_do_not_match_leaves_the_request_to_less_specific_hosts() {
    let post = Conditions { methods: vec!["POST".to_owned()], ..Conditions::default() };
    let rules = vec![
        rule("x.a.test", "/*", post.clone()),
        rule("x.a.test", "/only", Conditions::default()),
        rule("*.a.test", "/b/*", Conditions::default()),
        rule("*.test", "/b/c/*", post),
        rule("*.test", "/c", Conditions::default()),
        rule("*", "/*", Conditions::default()),
    ];
    let matcher = Matcher::compile(rules).unwrap();
    let cases = [
        ("x.a.test", "/only", "x.a.test /only"),
        ("x.a.test", "/b/c/d", "*.a.test /b/*"),
        ("x.a.test", "/c", "*.test /c"),
        ("x.a.test", "/d", "* /*"),
        ("y.test", "/b/c/d", "* /*"),
    ];
    for (host, path, expected) in cases {
        assert_eq!(matcher.find(&get(host, path)).unwrap(), expected, "{host} {path}");
    }
    let input = MatchInput { method: b"POST", ..get("x.a.test", "/d") };
    assert_eq!(matcher.find(&input).unwrap(), "x.a.test /*");
}

#[test]
fn patterns_match_whatever_the_case_of_their_host() {
    let rules = vec![Rule {
        host: HostPattern::Suffix("A.Test".to_owned()),
        path: PathPattern::Prefix("/".to_owned()),
        conditions: Conditions::default(),
        value: 1,
    }];
    assert_eq!(Matcher::compile(rules).unwrap().find(&get("x.a.test", "/")), Some(&1));
}

#[test]
fn without_rules_nothing_matches() {
    let matcher = Matcher::<u8>::compile(Vec::new()).unwrap();
    assert!(matcher.is_empty());
    assert_eq!(matcher.find(&get("h", "/")), None);
    assert_eq!(matcher.explain(&get("h", "/")), []);
}
