use super::{errors, load};
use crate::{Factories, check};

/// The one problem that a document has, as `line:column path: message`.
#[track_caller]
fn check_problem(text: &str, expected: &str) {
    let errors = errors(text);
    let [problem] = errors.problems() else { panic!("one problem: {errors}") };
    let place = problem.place.unwrap();
    assert_eq!(format!("{place} {}: {}", problem.path, problem.message), expected);
}

#[test]
fn a_strategy_that_nobody_knows_is_refused_at_its_place() {
    let text = "\
upstreams: [{ name: app, url: a }]
routes:
  - { id: it, backends: [{ hostname: b }], strategy: best_guess }
";
    check_problem(text, "3:54 routes[0].strategy: there is no strategy `best_guess`");
    assert_eq!(
        errors(text).problems()[0].hint.as_deref(),
        Some("known are FIRST, HASH, IP_HASH, LEAST_LATENCY, LEAST_REQUESTS, RANDOM, ROUND_ROBIN")
    );
}

#[test]
fn a_strategy_of_the_format_that_an_embedder_does_not_have_is_refused_like_any_other() {
    let factories = Factories { strategies: lb_strategies::Registry::new() };
    let text = "upstreams: [{ name: app, strategy: IP_HASH, url: a }]\nroutes: [{ upstream: app }]";
    let errors = crate::compile(&load(text), &factories).unwrap_err();
    let [problem] = errors.problems() else { panic!("one problem: {errors}") };
    assert_eq!(
        (problem.path.as_str(), &*problem.message),
        ("upstreams[0].strategy", "there is no strategy `IP_HASH`")
    );
}

#[test]
fn what_only_the_engine_refuses_is_told_at_its_place() {
    check_problem(
        "routes: [{ path: \"~^/\\\\p{Greek}\", respond: {} }]",
        "1:18 routes[0].path: the regular expression does not compile: Unicode not allowed here",
    );
    check_problem(
        "routes: [{ path: /a/../../b, respond: {} }]",
        "1:18 routes[0].path: path has a `..` above the root",
    );
    check_problem(
        "upstreams: [{ name: app, url: a }]\nroutes: [{ upstream: app, setPrefix: /.. }]",
        "2:38 routes[0].setPrefix: path has a `..` above the root",
    );
    check_problem(
        "routes:\n  - { id: it, respond: {}, responseHeaders: { remove: [HTTP2-Settings] } }",
        "2:5 routes[0]: route \"it\" changes field \"HTTP2-Settings\", which it may not or cannot",
    );
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let errors = errors(
        "upstreams: [{ name: app, url: a, strategy: nobody }]\n\
         routes:\n  - { path: /.., respond: {} }\n  - { path: /b, upstream: app, auth: required }\n",
    );
    let paths: Vec<_> = errors.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["upstreams[0].strategy", "routes[0].path", "routes[1].auth"]);
}

#[test]
fn a_check_passes_what_is_right_but_not_built() {
    let text = "\
upstreams: [{ name: app, url: a, strategy: IP_HASH }]
routes: [{ upstream: app, auth: required, authProvider: sso }]
";
    assert_eq!(check(&load(text), &Factories::default()).unwrap(), []);
    assert_eq!(errors(text).problems().len(), 2);
}

#[test]
fn a_check_warns_of_what_can_hardly_be_meant() {
    let text = "listeners: [{ address: \"127.0.0.1:0\", tls: {} }]\nroutes: [{ respond: {} }]\n";
    let warnings = check(&load(text), &Factories::default()).unwrap();
    let paths: Vec<_> = warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(paths, ["listeners[0].tls"], "there is no certificate");
}
