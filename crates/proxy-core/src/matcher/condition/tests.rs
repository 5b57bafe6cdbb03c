use std::net::IpAddr;

use super::super::FieldLookup;
use super::*;

struct Lines(&'static [(&'static str, &'static str)]);

impl FieldLookup for Lines {
    fn has_value(&self, lower_case_name: &str, value: &[u8]) -> bool {
        self.0.iter().any(|line| line.0 == lower_case_name && line.1.as_bytes() == value)
    }
}

fn input<'a>(query: Option<&'a str>, fields: &'a Lines) -> MatchInput<'a> {
    MatchInput {
        host: "h",
        path: b"/",
        method: b"GET",
        query: query.map(str::as_bytes),
        client: IpAddr::from([192, 0, 2, 1]),
        fields,
    }
}

#[track_caller]
fn query(wanted: (&str, &str), query: Option<&str>, expected: bool) {
    let pair = (wanted.0.to_owned(), wanted.1.to_owned());
    let wanted = Wanted::new(&Conditions { query: vec![pair.clone()], ..Conditions::default() }).unwrap();
    let outcome = wanted.outcome(&input(query, &Lines(&[])));
    assert_eq!(
        outcome,
        if expected { Outcome::Matched } else { Outcome::Query(&pair.0) },
        "{pair:?} {query:?}"
    );
}

#[test]
fn any_pair_of_the_query_may_be_the_wanted_one() {
    query(("v", "2"), Some("v=2"), true);
    query(("v", "2"), Some("a=1&v=1&v=2&b"), true);
    query(("v", "2"), Some("v=22"), false);
    query(("v", "2"), Some("vv=2"), false);
    query(("v", "2"), Some("v2"), false);
    query(("v", "2"), Some("a=v=2"), false);
    query(("v", "2"), Some(""), false);
    query(("v", "2"), None, false);
    query(("v", "a=b"), Some("v=a=b"), true);
}

#[test]
fn a_name_without_a_value_has_an_empty_one() {
    query(("debug", ""), Some("debug"), true);
    query(("debug", ""), Some("x&debug="), true);
    query(("debug", ""), Some("debug=1"), false);
    query(("", ""), Some("a&&b"), false);
    query(("", ""), Some("="), true);
}

#[test]
fn pairs_are_decoded_before_they_are_compared() {
    query(("a b", "c&d"), Some("a+b=c%26d"), true);
    query(("a b", "c"), Some("a%20b=%63"), true);
    query(("é", "+"), Some("%C3%a9=%2b"), true);
    query(("a", "%"), Some("a=%"), true);
    query(("a", "%2"), Some("a=%2"), true);
    query(("a", "%zz"), Some("a=%zz"), true);
    query(("a", "%zz"), Some("a=%25zz"), true);
    query(("a", "b"), Some("a=b%"), false);
}

#[test]
fn any_line_of_a_field_may_have_the_wanted_value_and_all_fields_are_needed() {
    let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![line("X-A", "1"), line("x-b", "2")];
    let wanted = Wanted::new(&Conditions { headers, ..Conditions::default() }).unwrap();
    let outcome = |lines| wanted.outcome(&input(None, Box::leak(Box::new(Lines(lines)))));
    assert_eq!(outcome(&[("x-a", "0"), ("x-a", "1"), ("x-b", "2")]), Outcome::Matched);
    assert_eq!(outcome(&[("x-a", "1")]), Outcome::Header("x-b"));
    assert_eq!(outcome(&[("x-a", "1 "), ("x-b", "2")]), Outcome::Header("x-a"));
}

#[test]
fn one_method_and_one_block_suffice() {
    let conditions = |methods: &[&str], clients: &[&str]| Conditions {
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        clients: clients.iter().map(|block| block.parse().unwrap()).collect(),
        ..Conditions::default()
    };
    let outcome = |methods, clients| {
        let fields = Lines(&[]);
        let wanted = Wanted::new(&conditions(methods, clients)).unwrap();
        match wanted.outcome(&input(None, &fields)) {
            Outcome::Matched => "matched",
            Outcome::Method => "method",
            Outcome::Client => "client",
            _ => "else",
        }
    };
    assert_eq!(outcome(&["POST", "GET"], &["10.0.0.0/8", "192.0.2.0/24"]), "matched");
    assert_eq!(outcome(&["POST", "get"], &[]), "method");
    assert_eq!(outcome(&[], &["10.0.0.0/8", "2001:db8::/32"]), "client");
}

#[test]
fn no_conditions_are_no_work() {
    assert!(Wanted::new(&Conditions::default()).is_none());
}
