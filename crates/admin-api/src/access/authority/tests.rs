use super::*;

#[test]
fn hosts_and_ports_are_told_apart() {
    let name = |name: &str| Host::Name(name.into());
    let address = |address: &str| Host::Address(address.parse().unwrap());
    for (text, host, port) in [
        ("localhost", name("localhost"), None),
        ("LocalHost.:9901", name("localhost"), Some(9901)),
        ("a-b_c.example.com:", name("a-b_c.example.com"), None),
        ("127.0.0.1:80", address("127.0.0.1"), Some(80)),
        ("[::1]:80", address("::1"), Some(80)),
        ("[::ffff:127.0.0.1]", address("127.0.0.1"), None),
    ] {
        assert_eq!(Authority::parse(text), Some(Authority { host, port }), "{text}");
    }
}

#[test]
fn what_is_no_host_is_refused() {
    for text in [
        "",
        ".",
        ":80",
        "a b",
        "user@localhost",
        "localhost/x",
        "a:b",
        "a:99999",
        "a:+1",
        "a:1:2",
        "::1",
        "[::1",
        "[::1]x",
        "[x]",
        "a,b",
        "lo\u{131}calhost",
        "a%2e",
    ] {
        assert_eq!(Authority::parse(text), None, "{text}");
    }
    assert_eq!(Authority::parse(&"a".repeat(256)), None);
}

#[test]
fn loopback_has_names_and_addresses() {
    for (text, expected) in [
        ("localhost", true),
        ("a.localhost", true),
        ("127.9.9.9", true),
        ("[::1]", true),
        ("notlocalhost", false),
        ("localhost.evil.example", false),
        ("127.0.0.1.evil.example", false),
        ("0.0.0.0", false),
        ("10.0.0.1", false),
    ] {
        assert_eq!(Authority::parse(text).unwrap().host.is_loopback(), expected, "{text}");
    }
}
