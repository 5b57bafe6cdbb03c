use super::*;

#[track_caller]
fn host(text: &str, expected: &Result<HostPattern, PatternError>) {
    assert_eq!(&HostPattern::parse(text), expected, "{text:?}");
}

#[test]
fn hosts_are_exact_or_a_wildcard_of_whole_labels_or_any() {
    host("", &Ok(HostPattern::Any));
    host("*", &Ok(HostPattern::Any));
    host("A.Test", &Ok(HostPattern::Exact("a.test".to_owned())));
    host("a.test.", &Ok(HostPattern::Exact("a.test".to_owned())));
    host("*.A.test.", &Ok(HostPattern::Suffix("a.test".to_owned())));
    host("*.test", &Ok(HostPattern::Suffix("test".to_owned())));
    host("[2001:DB8::1]", &Ok(HostPattern::Exact("[2001:db8::1]".to_owned())));
    host("my_host-1", &Ok(HostPattern::Exact("my_host-1".to_owned())));
}

#[test]
fn what_is_no_host_is_refused() {
    for text in ["a*.test", "a.*.test", "a.*", "**", "*.*.test", "*."] {
        host(text, &Err(PatternError::HostWildcard));
    }
    for text in [
        ".", "..", ".a", "a..b", "*..a", "a b", "a/b", "a?b", "a#b", "u@a", "a\\b", "é.test", "a:80",
        "a.test\n", "\"a\"",
    ] {
        host(text, &Err(PatternError::HostName));
    }
}

#[track_caller]
fn path(text: &str, expected: &Result<PathPattern, PatternError>) {
    assert_eq!(&PathPattern::parse(text), expected, "{text:?}");
}

#[test]
fn paths_are_brought_to_their_normal_form() {
    let exact = |text: &str| Ok(PathPattern::Exact(text.to_owned()));
    let prefix = |text: &str| Ok(PathPattern::Prefix(text.to_owned()));
    path("/", &exact("/"));
    path("/a/../b//c/", &exact("/b/c/"));
    path("/%7ea%2fb", &exact("/~a%2Fb"));
    path("/*", &prefix("/"));
    path("/api/*", &prefix("/api/"));
    path("/admin*", &prefix("/admin"));
    path("//api/./v1/*", &prefix("/api/v1/"));
    path("/a/.*", &prefix("/a/."));
    path("/a/..*", &prefix("/a/.."));
    path("/a~*", &prefix("/a~"));
    path("/a~", &exact("/a~"));
}

#[test]
fn what_is_no_path_is_refused() {
    path("/a*/b", &Err(PatternError::PathWildcard));
    path("/**", &Err(PatternError::PathWildcard));
    for (text, error) in [
        ("", PathError::NotAbsolute),
        ("api", PathError::NotAbsolute),
        ("*", PathError::NotAbsolute),
        ("/a?b", PathError::Query),
        ("/../a", PathError::EscapesRoot),
        ("/../*", PathError::EscapesRoot),
        ("/a%2*", PathError::BadPercent),
        ("/a%*", PathError::BadPercent),
        ("/é", PathError::NonAscii),
    ] {
        path(text, &Err(PatternError::Path(error)));
    }
}

#[test]
fn an_expression_is_compiled_and_searched_for_anywhere() {
    let Ok(PathPattern::Regex(regex)) = PathPattern::parse("~ ^/v[0-9]+/") else { panic!("no expression") };
    assert_eq!(regex.as_str(), "^/v[0-9]+/");
    assert!(regex.is_match(b"/v12/x"));
    assert!(!regex.is_match(b"/a/v12/x"));
    assert!(PathRegex::new("users$").unwrap().is_match(b"/api/users"));
}

#[test]
fn a_malformed_or_huge_expression_is_refused() {
    for text in ["~(", "~[", "~a{1000}{1000}{1000}"] {
        let error = PathPattern::parse(text).unwrap_err();
        assert!(matches!(error, PatternError::Regex { .. }), "{text}: {error}");
    }
}

#[test]
fn a_rewrite_may_cut_within_segments_only_where_the_pattern_ends_there() {
    for (text, cut) in [
        ("/api/*", Cut::Segments),
        ("/*", Cut::Segments),
        ("/api", Cut::Segments),
        ("~api", Cut::Segments),
        ("/api*", Cut::Text),
    ] {
        assert_eq!(PathPattern::parse(text).unwrap().cut(), cut, "{text}");
    }
}
