use super::*;

#[track_caller]
fn check(from: &str, host: Option<&[u8]>, by: Option<&'static str>, expected: &str) {
    let by = by.map(|name| By::new(name).unwrap());
    let mut out = b"for=unknown, ".to_vec();
    Element { from: from.parse().unwrap(), host, proto: "https", by }.push(&mut out);
    assert_eq!(String::from_utf8(out).unwrap(), format!("for=unknown, {expected}"));
}

#[test]
fn ipv4_addresses_are_plain_and_ipv6_addresses_bracketed_and_quoted() {
    check("192.0.2.1", None, None, "for=192.0.2.1;proto=https");
    check("2001:db8::1", None, Some("_proxyd"), "for=\"[2001:db8::1]\";proto=https;by=_proxyd");
}

#[test]
fn a_host_is_quoted_unless_it_is_a_token() {
    check("192.0.2.1", Some(b"a.test"), None, "for=192.0.2.1;host=a.test;proto=https");
    check("192.0.2.1", Some(b"a.test:80"), Some("_p"), "for=192.0.2.1;host=\"a.test:80\";proto=https;by=_p");
    check("192.0.2.1", Some(b"[::1]"), None, "for=192.0.2.1;host=\"[::1]\";proto=https");
    check("192.0.2.1", Some(b""), None, "for=192.0.2.1;host=\"\";proto=https");
}

#[test]
fn a_host_cannot_break_out_of_its_quotes() {
    check("192.0.2.1", Some(br#"a";for=b\"#), None, r#"for=192.0.2.1;host="a\";for=b\\";proto=https"#);
    for host in [&b"a\r\nb"[..], b"a\0", b"a\x7f"] {
        check("192.0.2.1", Some(host), None, "for=192.0.2.1;proto=https");
    }
}

/// RFC 7239 section 6.3.
#[test]
fn an_obfuscated_identifier_has_its_form() {
    for name in ["_proxyd", "_a.B-9_"] {
        assert!(By::new(name).is_some(), "{name}");
    }
    for name in ["", "_", "proxyd", "_a b", "_a;for=b", "_é"] {
        assert!(By::new(name).is_none(), "{name}");
    }
}
