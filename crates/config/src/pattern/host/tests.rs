use super::*;

#[track_caller]
fn check(text: &str, expected: HostPattern) {
    assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
    assert_eq!(expected.to_string().parse(), Ok(expected));
}

#[test]
fn a_vhost_is_a_name_a_suffix_or_any() {
    check("*", HostPattern::Any);
    check("API.Example.com", HostPattern::Exact("api.example.com".into()));
    check("example.com.", HostPattern::Exact("example.com".into()));
    check("localhost", HostPattern::Exact("localhost".into()));
    check("xn--mnchen-3ya.de", HostPattern::Exact("xn--mnchen-3ya.de".into()));
    check("*.Example.com", HostPattern::Suffix("example.com".into()));
    check("10.0.0.1", HostPattern::Exact("10.0.0.1".into()));
    check("[2001:DB8::1]", HostPattern::Exact("[2001:db8::1]".into()));
    check("under_score.test", HostPattern::Exact("under_score.test".into()));
}

#[test]
fn nothing_else_is_a_vhost() {
    let long = "a.".repeat(130);
    let label = "a".repeat(64);
    let texts = [
        "",
        ".",
        "*.",
        "**",
        "*a.b",
        "a*.b",
        "a.*",
        "a.*.b",
        "*.*.b",
        "a:80",
        "[::1]:80",
        "a b",
        "a..b",
        ".a",
        "-a.b",
        "a-.b",
        "münchen.de",
        "a/b",
        "http://a",
        &long,
        &label,
    ];
    for text in texts {
        assert!(text.parse::<HostPattern>().is_err(), "{text}");
    }
}
