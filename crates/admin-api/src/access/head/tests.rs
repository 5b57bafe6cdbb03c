use super::*;

fn verdict(method: &str, target: &str) -> &'static str {
    check(&method.parse().unwrap(), &target.parse().unwrap()).map_or_else(|problem| problem.code(), |()| "ok")
}

#[test]
fn a_target_is_a_path() {
    for (method, target, expected) in [
        ("GET", "/", "ok"),
        ("GET", "/a?b=c", "ok"),
        ("GET", "http://localhost/a", "ok"),
        ("GET", "http://localhost", "ok"),
        ("OPTIONS", "*", "bad_target"),
        ("CONNECT", "localhost:80", "bad_target"),
        ("CONNECT", "/a", "bad_target"),
        ("GET", "localhost:80", "bad_target"),
        ("GET", "gopher://localhost/a", "bad_target"),
    ] {
        assert_eq!(verdict(method, target), expected, "{method} {target}");
    }
}

#[test]
fn a_target_is_bounded() {
    assert_eq!(verdict("GET", &format!("/{}", "a".repeat(LONGEST_TARGET - 1))), "ok");
    assert_eq!(verdict("GET", &format!("/{}", "a".repeat(LONGEST_TARGET))), "uri_too_long");
    assert_eq!(verdict("GET", &format!("/?{}", "a".repeat(LONGEST_TARGET))), "uri_too_long");
}

#[test]
fn what_is_not_safe_needs_the_right_to_write() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(role_for(&method.parse().unwrap()), Role::Read);
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "PURGE"] {
        assert_eq!(role_for(&method.parse().unwrap()), Role::Write);
    }
}
