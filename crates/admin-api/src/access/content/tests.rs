use super::*;

fn verdict(method: &str, fields: &[(&'static str, &str)]) -> &'static str {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, value.parse().unwrap());
    }
    check(&method.parse().unwrap(), &map, 100).map_or_else(|problem| problem.code(), |()| "ok")
}

#[test]
fn bodies_are_json() {
    const NO: &str = "unsupported_media_type";
    for (method, media, expected) in [
        ("POST", "application/json", "ok"),
        ("PUT", "Application/JSON; charset=utf-8", "ok"),
        ("DELETE", "application/json", "ok"),
        ("PATCH", "application/json", "ok"),
        ("PATCH", "application/merge-patch+json", "ok"),
        ("POST", "application/merge-patch+json", NO),
        ("PATCH", "application/json-patch+json", NO),
        ("POST", "text/plain", NO),
        ("POST", "text/plain; application/json", NO),
        ("POST", "application/x-www-form-urlencoded", NO),
        ("POST", "multipart/form-data", NO),
        ("POST", "application/jsonp", NO),
        ("POST", "", NO),
    ] {
        assert_eq!(verdict(method, &[("content-type", media)]), expected, "{method} {media}");
    }
    assert_eq!(verdict("POST", &[]), NO);
    assert_eq!(verdict("POST", &[("content-type", "application/json"), ("content-type", "text/plain")]), NO);
}

#[test]
fn bodies_are_not_packed() {
    let json = ("content-type", "application/json");
    assert_eq!(verdict("POST", &[json, ("content-encoding", "gzip")]), "unsupported_media_type");
    assert_eq!(verdict("POST", &[json, ("content-encoding", "identity")]), "ok");
}

#[test]
fn what_announces_too_much_is_refused_unread() {
    let json = ("content-type", "application/json");
    assert_eq!(verdict("POST", &[json, ("content-length", "100")]), "ok");
    assert_eq!(verdict("POST", &[json, ("content-length", "101")]), "body_too_large");
}
