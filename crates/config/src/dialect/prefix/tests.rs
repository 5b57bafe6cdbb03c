use super::*;

#[track_caller]
fn check(prefix: &str, expected: &str) {
    assert_eq!(starting_with(prefix).to_string(), expected);
}

#[test]
fn a_prefix_is_a_pattern_that_matches_no_more_and_no_less() {
    check("/", "/*");
    check("/test", "/test*");
    check("/a.b", "/a.b*");
    check("/api/", "~^/api/");
    check("/a.b+c/", "~^/a\\.b\\+c/");
}

#[test]
fn only_what_a_normal_path_can_start_with_is_normal() {
    for normal in ["/a/", "/.well-known/", "/a%2Fb/", "/%C3%A4/", "/a.b/", "/.../"] {
        assert!(is_normal(normal), "{normal}");
    }
    for other in ["//", "/a//", "/./", "/a/../", "/%2fb/", "/%61/", "/%7E/"] {
        assert!(!is_normal(other), "{other}");
    }
}
