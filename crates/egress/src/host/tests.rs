use super::Host;

#[track_caller]
fn check_address(text: &str, expected: &str) {
    match Host::parse(text) {
        Some(Host::Address(address)) => assert_eq!(address.to_string(), expected, "{text}"),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn addresses_in_their_usual_form_are_addresses() {
    check_address("127.0.0.1", "127.0.0.1:0");
    check_address("::1", "[::1]:0");
    check_address("[::1]", "[::1]:0");
    check_address("::FFFF:169.254.169.254", "[::ffff:169.254.169.254]:0");
    check_address("0:0:0:0:0:ffff:a9fe:a9fe", "[::ffff:169.254.169.254]:0");
    check_address("fe80::1%2", "[fe80::1%2]:0");
    check_address("[fe80::1%2]", "[fe80::1%2]:0");
}

#[test]
fn names_are_names() {
    let longest_label = "a".repeat(63);
    let longest = format!("{0}.{0}.{0}.{1}", longest_label, "b".repeat(61));
    let names = [
        "localhost",
        "a",
        "example.com",
        "EXAMPLE.com",
        "example.com.",
        "xn--bcher-kva.example",
        "my_service",
        "_http._tcp.example.com",
        "1password.com",
        "127.0.0.1.example.com",
        "0x7f.example",
        "1.2.3.4.a",
        "a-b.c-d",
        "10.in-addr.arpa",
        "0xg",
        "cafe",
        &longest_label,
        &longest,
    ];
    for name in names {
        assert_eq!(Host::parse(name), Some(Host::Name(name)), "{name}");
    }
}

#[test]
fn what_resolvers_disagree_about_is_neither() {
    let spellings = [
        "2130706433",
        "0x7f000001",
        "0X7F000001",
        "017700000001",
        "0x7f.1",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0177.0.0.01",
        "127.0.0.01",
        "127.0.0.0x1",
        "00000177.0.0.1",
        "0x7f.0x0.0x0.0x1",
        "127.0.0.1.",
        "256.256.256.256",
        "1.2.3.4.5",
        "127.0.0.1.0",
        "a.127",
        "example.0x7f",
        "0x",
        "0",
        "999999999999",
        "4294967296",
        "0x100000001",
    ];
    for spelling in spellings {
        assert_eq!(Host::parse(spelling), None, "{spelling}");
    }
}

#[test]
fn what_is_no_host_at_all_is_neither() {
    let overlong_label = "a".repeat(64);
    let overlong = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(62));
    let texts = [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b",
        " a",
        "a\n",
        "a\0",
        "a:80",
        "127.0.0.1:80",
        "user@host",
        "host/path",
        "host?query",
        "host#fragment",
        "host\\path",
        "%31%32%37.0.0.1",
        "127%2e0%2e0%2e1",
        "[127.0.0.1]",
        "[::1",
        "::1]",
        "[[::1]]",
        "[]",
        "*",
        "*.example.com",
        "::1%",
        "::1%eth0",
        "::1%+1",
        "fe80::1%99999999999",
        ":::",
        "1::2::3",
        "::g",
        "[::1]:80",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        "\u{2460}\u{2461}\u{2466}.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "b\u{fc}cher.example",
        &overlong_label,
        &overlong,
    ];
    for text in texts {
        assert_eq!(Host::parse(text), None, "{text:?}");
    }
}
