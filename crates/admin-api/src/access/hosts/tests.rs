use super::*;

const LOCAL: &str = "192.0.2.7:9901";

/// The code of the refusal, or `ok`.
fn verdict(target: &str, fields: &[(&str, &str)]) -> &'static str {
    let hosts = Hosts::new(&["admin.example.com".into(), "other.example.com:444".into()]).unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let uri = target.parse().unwrap();
    hosts.check(&uri, &map, Some(LOCAL.parse().unwrap())).map_or_else(|problem| problem.code(), |()| "ok")
}

#[test]
fn only_hosts_that_are_here_are_answered_for() {
    for (host, expected) in [
        ("localhost", "ok"),
        ("localhost:1", "ok"),
        ("127.0.0.1:9901", "ok"),
        ("[::1]", "ok"),
        ("192.0.2.7", "ok"),
        ("192.0.2.7:9901", "ok"),
        ("[::ffff:192.0.2.7]", "ok"),
        ("ADMIN.example.com.", "ok"),
        ("admin.example.com:8443", "ok"),
        ("other.example.com:444", "ok"),
        ("other.example.com", "foreign_host"),
        ("other.example.com:445", "foreign_host"),
        ("192.0.2.8", "foreign_host"),
        ("evil.example", "foreign_host"),
        ("x.admin.example.com", "foreign_host"),
        ("localhost.evil.example:9901", "foreign_host"),
        ("0.0.0.0", "foreign_host"),
        ("", "bad_host"),
        ("localhost, evil.example", "bad_host"),
        ("u@localhost", "bad_host"),
    ] {
        assert_eq!(verdict("/", &[("host", host)]), expected, "{host}");
    }
    assert_eq!(verdict("/", &[]), "bad_host");
    assert_eq!(verdict("/", &[("host", "localhost"), ("host", "localhost")]), "bad_host");
}

#[test]
fn a_target_with_an_authority_is_held_to_the_same_rule() {
    for (target, host, expected) in [
        ("http://localhost/a", "localhost", "ok"),
        ("http://evil.example/a", "localhost", "foreign_host"),
        ("http://localhost/a", "evil.example", "foreign_host"),
        ("http://u:p@localhost/a", "localhost", "bad_host"),
    ] {
        assert_eq!(verdict(target, &[("host", host)]), expected, "{target} {host}");
    }
}

#[test]
fn pages_of_other_origins_are_refused() {
    for (host, origin, expected) in [
        ("localhost:9901", "http://localhost:9901", "ok"),
        ("localhost", "http://localhost", "ok"),
        ("localhost", "http://localhost:80", "ok"),
        ("admin.example.com:443", "https://admin.example.com", "ok"),
        ("admin.example.com", "https://ADMIN.example.com:443", "ok"),
        ("localhost:9901", "http://localhost:3000", "foreign_origin"),
        ("localhost:9901", "http://localhost", "foreign_origin"),
        ("localhost:9901", "http://127.0.0.1:9901", "foreign_origin"),
        ("localhost", "http://evil.example", "foreign_origin"),
        ("localhost", "null", "foreign_origin"),
        ("localhost", "", "foreign_origin"),
        ("localhost", "file://", "foreign_origin"),
        ("localhost", "chrome-extension://localhost", "foreign_origin"),
    ] {
        assert_eq!(verdict("/", &[("host", host), ("origin", origin)]), expected, "{host} {origin}");
    }
    let both = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://evil.example")];
    assert_eq!(verdict("/", &both), "foreign_origin");
}

#[test]
fn what_browsers_say_of_the_page_counts() {
    for (site, expected) in [
        ("same-origin", "ok"),
        ("none", "ok"),
        ("cross-site", "foreign_origin"),
        ("same-site", "foreign_origin"),
        ("who knows", "foreign_origin"),
    ] {
        assert_eq!(verdict("/", &[("host", "localhost"), ("sec-fetch-site", site)]), expected, "{site}");
    }
}

#[test]
fn what_is_no_host_cannot_be_configured() {
    assert_eq!(Hosts::new(&["a".into(), "http://b".into()]).unwrap_err(), "http://b");
}
