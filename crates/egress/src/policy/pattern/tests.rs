use super::HostPattern;
use crate::host::Host;

#[track_caller]
fn check(pattern: &str, matching: &[&str], others: &[&str]) {
    let parsed: HostPattern = pattern.parse().unwrap_or_else(|error| panic!("{error}"));
    let matches =
        |host: &str| parsed.matches(&Host::parse(host).unwrap_or_else(|| panic!("{host} is a host")));
    for host in matching {
        assert!(matches(host), "{pattern} matches {host}");
    }
    for host in others {
        assert!(!matches(host), "{pattern} does not match {host}");
    }
}

#[test]
fn a_name_matches_itself_in_any_case_with_or_without_the_final_dot() {
    check(
        "api.example.com",
        &["api.example.com", "API.Example.COM", "api.example.com."],
        &["example.com", "xapi.example.com", "api.example.com.evil"],
    );
    check("API.example.com.", &["api.example.com"], &[]);
}

#[test]
fn a_wildcard_matches_what_is_below_and_nothing_beside() {
    check(
        "*.example.com",
        &["a.example.com", "a.b.example.com", "A.EXAMPLE.COM."],
        &["example.com", "badexample.com", "a.example.com.evil", "example.org", "com", "10.0.0.1"],
    );
}

#[test]
fn the_lone_star_matches_every_host() {
    check("*", &["example.com", "localhost", "10.0.0.1", "::1"], &[]);
}

#[test]
fn networks_match_addresses_and_never_names() {
    check("10.0.0.0/8", &["10.1.2.3", "::ffff:10.1.2.3"], &["11.0.0.1", "example.com", "::10.1.2.3"]);
    check("fd00::/8", &["fd00::1", "[fd00::1]"], &["fe80::1"]);
    check("10.1.2.3", &["10.1.2.3"], &["10.1.2.4"]);
}

#[test]
fn what_is_no_pattern_is_refused() {
    for text in [
        "",
        "*.",
        "**",
        "*.*.com",
        "a.*",
        "*example.com",
        "a b",
        "http://a",
        "a:80",
        "10.0.0.0/33",
        "0x7f.1",
        "*.1",
    ] {
        assert!(text.parse::<HostPattern>().is_err(), "{text}");
    }
}

#[test]
fn a_pattern_is_shown_as_it_can_be_read() {
    for text in ["*", "api.example.com", "*.example.com", "10.0.0.0/8"] {
        assert_eq!(text.parse::<HostPattern>().expect("a pattern").to_string(), text);
    }
}
