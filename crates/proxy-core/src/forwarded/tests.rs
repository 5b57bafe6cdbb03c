use super::*;

#[track_caller]
fn check(connection: &str, lines: &[&str], expected: &str, is_trusted: bool, hops: usize) {
    let blocks = ["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.1/32"];
    let trusted = blocks.iter().map(|block| block.parse().unwrap()).collect();
    let lines_of = lines.iter().map(|line| line.as_bytes());
    let found = client_address(connection.parse().unwrap(), lines_of, &trusted);
    let expected = ClientAddress { ip: expected.parse().unwrap(), is_trusted, hops };
    assert_eq!(found, expected, "{connection} {lines:?}");
}

#[test]
fn an_untrusted_connection_is_the_client_whatever_it_says() {
    check("203.0.113.9", &["198.51.100.1"], "203.0.113.9", false, 0);
    check("203.0.113.9", &["10.0.0.1"], "203.0.113.9", false, 0);
    check("::ffff:203.0.113.9", &[], "203.0.113.9", false, 0);
}

#[test]
fn the_walk_goes_from_the_right_and_ends_at_the_first_untrusted_address() {
    check("10.0.0.1", &[], "10.0.0.1", true, 0);
    check("10.0.0.1", &["198.51.100.1"], "198.51.100.1", true, 1);
    check("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1", true, 1);
    check("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.1.1.1 ,10.2.2.2"], "198.51.100.1", true, 3);
    check("2001:db8:1::5", &["198.51.100.1, 2001:db8:1::6"], "198.51.100.1", true, 2);
}

#[test]
fn several_lines_are_one_list() {
    check("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2", "10.0.0.3"], "198.51.100.1", true, 3);
    check("10.0.0.1", &["198.51.100.1", "", " , "], "198.51.100.1", true, 1);
}

#[test]
fn when_all_are_trusted_the_leftmost_is_the_client() {
    check("10.0.0.1", &["10.0.0.4, 192.0.2.1", "10.0.0.3"], "10.0.0.4", true, 3);
}

#[test]
fn mapped_addresses_are_ipv4_on_both_sides() {
    check("::ffff:10.0.0.1", &["::ffff:198.51.100.1, [::ffff:10.0.0.2]:1"], "198.51.100.1", true, 2);
}

#[test]
fn ports_and_brackets_are_understood() {
    for (text, expected) in [
        ("198.51.100.1:443", "198.51.100.1"),
        ("[2001:db8::7]:65535", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("\t198.51.100.1 ", "198.51.100.1"),
        ("2001:db8:0:0:0:0:198.51.100.100", "2001:db8::c633:6464"),
    ] {
        check("10.0.0.1", &[&format!("1.1.1.1, {text}")], expected, true, 1);
    }
}

#[test]
fn garbage_ends_the_walk_at_the_last_address_believed() {
    for garbage in [
        "unknown",
        "_hidden",
        "198.51.100",
        "198.51.100.1.2",
        "0198.51.100.1",
        "198.51.100.1:",
        "198.51.100.1:99999",
        "198.51.100.1:x",
        "[198.51.100.1]",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]443",
        "[2001:db8::7]:",
        "2001:db8::7%eth0",
        "[fe80::1%1]:80",
        "\"198.51.100.1\"",
        "198.51.100.1 10.0.0.1",
        "\u{ff11}.1.1.1",
        "for=1.1.1.1",
        "1.1.1.1;10.0.0.1",
    ] {
        check("10.0.0.1", &[&format!("1.1.1.1, {garbage}, 10.0.0.2")], "10.0.0.2", true, 1);
        check("10.0.0.1", &[garbage], "10.0.0.1", true, 0);
    }
}

#[test]
fn a_chain_without_end_is_read_to_a_bound() {
    let line = format!("1.1.1.1,{}", "10.0.0.2,".repeat(20_000));
    check("10.0.0.1", &[&line], "10.0.0.2", true, MAX_HOPS);
}

#[test]
fn without_trusted_proxies_nothing_is_read() {
    let lines = std::iter::once_with(|| -> &[u8] { unreachable!("nobody may ask for a line") });
    // `once_with` is read from both ends, and from neither here.
    let found = client_address(IpAddr::from([10, 0, 0, 1]), lines, &AddressSet::default());
    assert_eq!(found, ClientAddress { ip: IpAddr::from([10, 0, 0, 1]), is_trusted: false, hops: 0 });
}
