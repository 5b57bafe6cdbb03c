use super::*;

#[track_caller]
fn check(text: &str, expected: PathPattern) {
    assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
    assert_eq!(expected.to_string().parse(), Ok(expected));
}

#[test]
fn a_path_is_exact_a_prefix_or_a_regular_expression() {
    check("/", PathPattern::Exact("/".into()));
    check("/api/users", PathPattern::Exact("/api/users".into()));
    check("/a%20b;v=1", PathPattern::Exact("/a%20b;v=1".into()));
    check("/*", PathPattern::Prefix("/".into()));
    check("/api/*", PathPattern::Prefix("/api/".into()));
    check("/admin*", PathPattern::Prefix("/admin".into()));
    check("~^/v[0-9]+/.*$", PathPattern::Regex("^/v[0-9]+/.*$".into()));
    check("~ ^/a", PathPattern::Regex("^/a".into()));
}

#[test]
fn nothing_else_is_a_path() {
    let texts = [
        "",
        "api",
        "*",
        "/a*b",
        "/**",
        "/a?b",
        "/a#b",
        "/a b",
        "/é",
        "/a%",
        "/a%zz",
        "/%4*",
        "~",
        "~ ",
        "~(",
        "~a{99999}{99999}",
    ];
    for text in texts {
        assert!(text.parse::<PathPattern>().is_err(), "{text}");
    }
}

#[test]
fn without_a_path_every_path_is_meant() {
    assert_eq!(PathPattern::default(), "/*".parse().unwrap());
}
