use super::*;

type Parts<'a> = (Option<&'a str>, &'a str, Option<&'a str>);

fn parts<'a>(target: &Target<'a>) -> Parts<'a> {
    let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).unwrap();
    (target.authority.map(text), text(target.path), target.query.map(text))
}

#[track_caller]
fn accepted(method: Method, text: &str, expected: Parts<'_>, source: &str) {
    let target = Target::parse(text.as_bytes(), method);
    assert_eq!(target.as_ref().map(parts), Ok(expected), "{source}: {text:?}");
}

#[track_caller]
fn refused(method: Method, text: &[u8], rule: Rule, source: &str) {
    assert_eq!(Target::parse(text, method), Err(rule), "{source}: {:?}", text.escape_ascii().to_string());
}

#[test]
fn a_target_in_origin_form_is_path_and_query() {
    let source = "RFC 9112 section 3.2.1";
    for (text, path, query) in [
        ("/", "/", None),
        ("/a", "/a", None),
        ("/a/b%20c;d=1/", "/a/b%20c;d=1/", None),
        ("/?", "/", Some("")),
        ("/?q", "/", Some("q")),
        ("/a?b=c&d=/e?f", "/a", Some("b=c&d=/e?f")),
        ("//example.com/a", "//example.com/a", None),
        ("/http://example.com/", "/http://example.com/", None),
        ("/a@b:80", "/a@b:80", None),
        // Browsers send these unescaped; the rules of paths judge them.
        ("/a|b^{c}\\\"<>`", "/a|b^{c}\\\"<>`", None),
        ("/0123456?89abcdef?", "/0123456", Some("89abcdef?")),
        ("/012345678901234567890123456789?x", "/012345678901234567890123456789", Some("x")),
    ] {
        accepted(Method::Get, text, (None, path, query), source);
        accepted(Method::Other, text, (None, path, query), source);
    }
}

#[test]
fn a_target_in_absolute_form_has_an_authority() {
    let source = "RFC 9112 section 3.2.2; threats B1 27";
    for (text, authority, path, query) in [
        ("http://example.com", "example.com", "/", None),
        ("http://example.com/", "example.com", "/", None),
        ("HTTP://Example.com:80/a?b", "Example.com:80", "/a", Some("b")),
        ("https://example.com?q", "example.com", "/", Some("q")),
        ("https://[::1]:8443/a", "[::1]:8443", "/a", None),
        ("http://a/b@c", "a", "/b@c", None),
        ("http://a?b@c", "a", "/", Some("b@c")),
        ("http://a//b", "a", "//b", None),
        ("http://a/?x=http://b/", "a", "/", Some("x=http://b/")),
    ] {
        accepted(Method::Get, text, (Some(authority), path, query), source);
    }
}

#[test]
fn the_asterisk_form_is_for_options_alone() {
    accepted(Method::Options, "*", (None, "*", None), "RFC 9112 section 3.2.4");
    for method in [Method::Get, Method::Head, Method::Post, Method::Trace, Method::Other] {
        refused(method, b"*", Rule::Target, "RFC 9112 section 3.2.4; threats B1 28");
    }
}

#[test]
fn options_of_a_whole_host_in_absolute_form_is_the_asterisk() {
    let source = "RFC 9112 section 3.2.4";
    accepted(Method::Options, "http://a.test", (Some("a.test"), "*", None), source);
    accepted(Method::Options, "http://a.test:81", (Some("a.test:81"), "*", None), source);
    accepted(Method::Options, "http://a.test/", (Some("a.test"), "/", None), source);
    accepted(Method::Options, "http://a.test?q", (Some("a.test"), "/", Some("q")), source);
}

#[test]
fn connect_is_not_served() {
    for text in [&b"example.com:443"[..], b"/", b"*", b"http://a/"] {
        refused(Method::Connect, text, Rule::Connect, "RFC 9110 section 9.3.6; threats B1 28");
    }
}

#[test]
fn what_has_none_of_the_forms_is_refused() {
    for (text, rule, source) in [
        (&b""[..], Rule::Target, "RFC 9112 section 3.2"),
        (b"example.com:80", Rule::Target, "RFC 9112 section 3.2.3; threats B1 28"),
        (b"example.com", Rule::Target, "RFC 9112 section 3.2.3"),
        (b"@example.com/", Rule::Target, "threats B1 28"),
        (b"@http://example.com/", Rule::Target, "threats B1 28"),
        (b"a/b", Rule::Target, "RFC 9112 section 3.2"),
        (b"?q", Rule::Target, "RFC 9112 section 3.2.1"),
        (b"**", Rule::Target, "RFC 9112 section 3.2.4"),
        (b"*/", Rule::Target, "RFC 9112 section 3.2.4"),
        (b"\\a", Rule::Target, "RFC 9112 section 3.2"),
        (b"a/http://b/", Rule::Target, "RFC 3986 section 3.1"),
        (b"http:/a/", Rule::Target, "RFC 3986 section 3"),
        (b"http:a", Rule::Target, "RFC 3986 section 3"),
        (b"://a/", Rule::Target, "RFC 3986 section 3.1"),
        (b"1http://a/", Rule::Target, "RFC 3986 section 3.1"),
        (b"ht_tp://a/", Rule::Target, "RFC 3986 section 3.1"),
        (b"ftp://a/", Rule::TargetScheme, "RFC 9112 section 3.2.2; threats B1 28"),
        (b"file:///etc/passwd", Rule::TargetScheme, "RFC 9112 section 3.2.2"),
        (b"ws://a/", Rule::TargetScheme, "RFC 9112 section 3.2.2"),
        (b"httpss://a/", Rule::TargetScheme, "RFC 9112 section 3.2.2"),
        (b"http:///a", Rule::Target, "RFC 9110 section 4.2.1: the host is not empty"),
        (b"http://", Rule::Target, "RFC 9110 section 4.2.1"),
        (b"https://?a", Rule::Target, "RFC 9110 section 4.2.2"),
        (b"http://u@a/", Rule::Userinfo, "RFC 9110 section 4.2.4"),
        (b"http://u:p@a/", Rule::Userinfo, "RFC 9110 section 4.2.4"),
        (b"http://a\\@b/", Rule::Userinfo, "RFC 9110 section 4.2.4"),
        (b"http://@/", Rule::Userinfo, "RFC 9110 section 4.2.4"),
    ] {
        refused(Method::Get, text, rule, source);
    }
}

#[test]
fn a_fragment_is_refused_wherever_it_stands() {
    for text in [&b"/#"[..], b"/a#b", b"/a?b#c", b"http://a#b", b"http://a/#b", b"/0123456789abcdef0#"] {
        refused(Method::Get, text, Rule::Fragment, "RFC 9112 section 3.2; threats B1 39, CVE-2023-45539");
    }
}

#[test]
fn no_byte_outside_visible_ascii_is_part_of_a_target() {
    // Once in the part that is looked at in words, once in what is left over.
    for byte in (0..=0x20).chain(0x7f..=0xff) {
        for length in 0..20 {
            let mut text = vec![b'/'; length + 1];
            text.push(byte);
            refused(Method::Get, &text, Rule::Target, "RFC 3986 section 2; threats B1 44");
            text.extend_from_slice(b"0123456789");
            refused(Method::Get, &text, Rule::Target, "RFC 3986 section 2; threats B1 44");
        }
    }
}

#[test]
fn every_visible_byte_but_the_fragment_sign_may_stand_in_a_target() {
    for byte in (0x21..0x7f).filter(|byte| *byte != b'#') {
        for length in 0..20 {
            let mut text = vec![b'/'; length + 1];
            text.push(byte);
            assert!(Target::parse(&text, Method::Get).is_ok(), "{byte:#x} after {length}");
        }
    }
}

#[track_caller]
fn host(text: &str, host: &str, port: Option<u16>, source: &str) {
    let expected = Authority { host: host.as_bytes(), port };
    assert_eq!(Authority::parse(text.as_bytes()), Ok(expected), "{source}: {text:?}");
}

#[test]
fn an_authority_is_a_host_and_perhaps_a_port() {
    let source = "RFC 9110 section 7.2, RFC 3986 section 3.2";
    for (text, name, port) in [
        ("a", "a", None),
        ("0123456.89abcde.f", "0123456.89abcde.f", None),
        ("0.2.4.6.8.a.c.e.", "0.2.4.6.8.a.c.e.", None),
        ("01234567.9abcdef:80", "01234567.9abcdef", Some(80)),
        ("a_234567.9~bcdef:80", "a_234567.9~bcdef", Some(80)),
        ("example.com", "example.com", None),
        ("Example.COM.", "Example.COM.", None),
        ("example.com:8080", "example.com", Some(8080)),
        ("example.com:", "example.com", None),
        ("a_b-c~d.e", "a_b-c~d.e", None),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
        ("127.0.0.1:1", "127.0.0.1", Some(1)),
        ("a:65535", "a", Some(65535)),
        ("a:0", "a", Some(0)),
        ("a:00080", "a", Some(80)),
        ("[::1]", "[::1]", None),
        ("[::1]:", "[::1]", None),
        ("[2001:DB8::1]:8443", "[2001:DB8::1]", Some(8443)),
        ("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]", Some(80)),
    ] {
        host(text, name, port, source);
    }
}

#[test]
fn what_is_no_host_and_port_is_refused() {
    for (text, rule) in [
        (&b""[..], Rule::Host),
        (b":80", Rule::Host),
        (b".", Rule::Host),
        (b".example.com", Rule::Host),
        (b"a..b", Rule::Host),
        (b"0123456..9abcdef", Rule::Host),
        (b"01234567..9abcdef", Rule::Host),
        (b"0123456789abcde..f", Rule::Host),
        (b"0123456789abcdef..", Rule::Host),
        (b".123456789abcdef", Rule::Host),
        (b"a.b..", Rule::Host),
        (b"a..:80", Rule::Host),
        (b"a b", Rule::Host),
        (b" a", Rule::Host),
        (b"a\t", Rule::Host),
        (b"a,b", Rule::Host),
        (b"a, a", Rule::Host),
        (b"a/b", Rule::Host),
        (b"a/", Rule::Host),
        (b"a\\b", Rule::Host),
        (b"a?b", Rule::Host),
        (b"a#b", Rule::Host),
        (b"a%2eb", Rule::Host),
        (b"a;b", Rule::Host),
        (b"a=b", Rule::Host),
        (b"\"a\"", Rule::Host),
        (b"a\0", Rule::Host),
        (b"a\xc3\xa9", Rule::Host),
        (b"\xef\xbc\x91", Rule::Host),
        (b"http://a", Rule::Host),
        (b"u@a", Rule::Userinfo),
        (b"@a", Rule::Userinfo),
        (b"a@b@c", Rule::Userinfo),
        (b"u:p@a", Rule::Host),
        (b"a:80:80", Rule::Host),
        (b"a::", Rule::Host),
        (b"a:x", Rule::Host),
        (b"a:-1", Rule::Host),
        (b"a:+1", Rule::Host),
        (b"a: 1", Rule::Host),
        (b"a:65536", Rule::Host),
        (b"a:99999", Rule::Host),
        (b"a:000080", Rule::Host),
        (b"a:80/", Rule::Host),
        (b"::1", Rule::Host),
        (b"2001:db8::1", Rule::Host),
        (b"[", Rule::Host),
        (b"[]", Rule::Host),
        (b"[::1", Rule::Host),
        (b"::1]", Rule::Host),
        (b"[::1]x", Rule::Host),
        (b"[::1]80", Rule::Host),
        (b"[::1]:x", Rule::Host),
        (b"[[::1]]", Rule::Host),
        (b"[127.0.0.1]", Rule::Host),
        (b"[::1%25lo]", Rule::Host),
        (b"[::1%lo]", Rule::Host),
        (b"[v1.a]", Rule::Host),
        (b"[:::1]", Rule::Host),
        (b"[::\xff]", Rule::Host),
        (b"a[::1]", Rule::Host),
    ] {
        let shown = text.escape_ascii().to_string();
        assert_eq!(Authority::parse(text), Err(rule), "RFC 9112 section 3.2; threats B1 25: {shown:?}");
    }
}

#[test]
fn every_byte_of_a_host_is_judged() {
    for byte in 0..=u8::MAX {
        let is_allowed = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':');
        for text in [[b'a', byte].to_vec(), [b"0123456789abcdef0".as_slice(), &[byte]].concat()] {
            assert_eq!(Authority::parse(&text).is_ok(), is_allowed, "{byte:#x}");
        }
    }
}

#[test]
fn a_host_has_at_most_255_bytes() {
    let long = [b'a'; 256];
    assert!(Authority::parse(&long[..255]).is_ok());
    assert_eq!(Authority::parse(&long), Err(Rule::Host));
    assert_eq!(Authority::parse(&[&long[..], b":80"].concat()), Err(Rule::Host));
}
