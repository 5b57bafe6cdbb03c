use super::*;

fn map(fields: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    map
}

fn pushed(fields: &[(&str, &str)], most: usize) -> Result<(String, Found), Rule> {
    let (mut lines, mut bytes) = (Lines::default(), Vec::new());
    let found = push(&map(fields), most, &mut lines, &mut bytes)?;
    let mut text = Vec::new();
    lines.fields(&bytes).write_to(&mut text);
    Ok((String::from_utf8_lossy(&text).into_owned(), found))
}

#[test]
fn pieces_of_a_cookie_are_joined_and_host_is_left_out() {
    #[track_caller]
    fn check(fields: &[(&str, &str)], expected: &str) {
        assert_eq!(pushed(fields, 10).map(|(text, _)| text), Ok(expected.to_owned()));
    }
    check(&[("a", "1"), ("host", "a.test"), ("b", "2")], "a: 1\r\nb: 2\r\n");
    check(&[("cookie", "a=1"), ("x", "y")], "x: y\r\ncookie: a=1\r\n");
    check(&[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")], "cookie: a=1; b=2; c=3\r\n");
    check(&[("set-cookie", "a=1"), ("set-cookie", "b=2")], "set-cookie: a=1\r\nset-cookie: b=2\r\n");
    check(&[("x_real_ip", "1.2.3.4"), ("a", "  b ")], "a: b\r\n");
}

#[test]
fn a_cookie_counts_once_however_many_pieces_it_has() {
    let pieces = vec![("cookie", "a=1"); 50];
    let mut fields = vec![("a", "1"), ("b", "2")];
    fields.extend(&pieces);
    assert!(pushed(&fields, 3).is_ok());
    assert_eq!(pushed(&fields, 2).map(|_| ()), Err(Rule::TooManyFields));
    assert_eq!(pushed(&[("a", "1"), ("a", "2"), ("a", "3")], 2).map(|_| ()), Err(Rule::TooManyFields));
}

#[test]
fn tells_what_the_length_says() {
    #[track_caller]
    fn check(fields: &[(&str, &str)], has_length: bool, announces_body: bool) {
        let found = pushed(fields, 10).map(|(_, found)| (found.has_length, found.announces_body));
        assert_eq!(found, Ok((has_length, announces_body)), "{fields:?}");
    }
    check(&[], false, false);
    check(&[("content-length", "0")], true, false);
    check(&[("content-length", "5")], true, true);
    check(&[("content-length", "0"), ("content-length", "5")], true, true);
    check(&[("content-length", "x")], true, true);
}

#[test]
fn maps_hold_what_is_passed_on_in_lower_case() {
    let (mut lines, mut bytes) = (Lines::default(), Vec::new());
    for (name, value) in [("Server", "x"), ("Connection", "close"), ("X-Own", "1"), ("x-own", "2")] {
        lines.push(&mut bytes, name.as_bytes(), value.as_bytes()).expect("a field");
    }
    let extra = b"X-Request-Id: abc\r\nUpgrade: websocket\r\nDate: now\r\n";
    let skip = NameSet::of(&[Name::Connection, Name::XRequestId]);
    let map = map_of((lines.fields(&bytes), skip), (extra, NameSet::of(&[Name::Upgrade])));
    let held: Vec<_> =
        map.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
    let expected =
        [("server", "x"), ("x-own", "1"), ("x-own", "2"), ("x-request-id", "abc"), ("date", "now")];
    assert_eq!(held, expected);
    assert!(map.get("x-request-id").is_some_and(HeaderValue::is_sensitive));
}

#[test]
fn a_head_of_very_many_fields_is_held_whole() {
    let lines: String = (0..200).map(|number| format!("x-{number}: {number}\r\n")).collect();
    let map = map_of_lines(lines.as_bytes());
    assert_eq!(map.len(), 200);
    assert_eq!(map.get("x-199").map(HeaderValue::as_bytes), Some(&b"199"[..]));
}

#[test]
fn trailers_never_frame_route_or_identify() {
    let mut lines = Vec::new();
    let trailers = map(&[
        ("grpc-status", "0"),
        ("content-length", "5"),
        ("host", "b.test"),
        ("x-forwarded-for", "1.2.3.4"),
        ("content_length", "5"),
        ("proxy-status", "a"),
        ("grpc-message", ""),
    ]);
    lines_of_trailers(&trailers, &mut lines);
    assert_eq!(String::from_utf8_lossy(&lines), "grpc-status: 0\r\nproxy-status: a\r\ngrpc-message: \r\n");
}
