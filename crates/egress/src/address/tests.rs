use super::{meanings, without_mapping};
use std::net::IpAddr;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text} is an address"))
}

/// Checks which addresses an address stands for besides itself.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mut all = meanings(address(text));
    assert_eq!(all.next(), Some(address(text)), "an address always stands for itself");
    let others: Vec<String> = all.map(|meaning| meaning.to_string()).collect();
    assert_eq!(others, expected, "{text}");
}

#[test]
fn an_ordinary_address_stands_for_itself_alone() {
    for text in [
        "127.0.0.1",
        "8.8.8.8",
        "2606:4700::1111",
        "fe80::1",
        "fd00:ec2::254",
        "::",
        "::1",
        "2001:db8::7f00:1",
    ] {
        check(text, &[]);
    }
}

#[test]
fn an_embedded_ipv4_address_counts_too() {
    check("::ffff:169.254.169.254", &["169.254.169.254"]);
    check("::169.254.169.254", &["169.254.169.254"]);
    check("::ffff:0:169.254.169.254", &["169.254.169.254"]);
    check("64:ff9b::169.254.169.254", &["169.254.169.254"]);
    check("2002:a9fe:a9fe::1", &["169.254.169.254"]);
    check("fe80::5efe:a9fe:a9fe", &["169.254.169.254"]);
    check("2001:db8::200:5efe:a9fe:a9fe", &["169.254.169.254"]);
    check("::2", &["0.0.0.2"]);
}

#[test]
fn a_teredo_address_stands_for_its_relay_and_its_client() {
    // RFC 4380 section 4: the client's address is 192.0.2.45, its bits inverted.
    check("2001:0:4136:e378:8000:63bf:3fff:fdd2", &["65.54.227.120", "192.0.2.45"]);
}

#[test]
fn a_local_translators_address_counts_with_every_prefix_that_it_may_have() {
    // 169.254.169.254 behind prefixes of 48, 56, 64 and 96 bits; RFC 6052 section 2.2 shows where the bits
    // go.
    for (text, place) in [
        ("64:ff9b:1:a9fe:a9:fe00::", 0),
        ("64:ff9b:1:a9:fe:a9fe::", 1),
        ("64:ff9b:1:0:a9:fea9:fe00::", 2),
        ("64:ff9b:1::a9fe:a9fe", 3),
    ] {
        let found: Vec<IpAddr> = meanings(address(text)).skip(1).collect();
        assert_eq!(found.get(place), Some(&address("169.254.169.254")), "{text}: {found:?}");
    }
}

#[test]
fn the_kernel_dials_a_mapped_address_as_the_plain_one() {
    assert_eq!(without_mapping(address("::ffff:1.2.3.4")), address("1.2.3.4"));
    for text in ["1.2.3.4", "::1.2.3.4", "::1", "64:ff9b::1.2.3.4"] {
        assert_eq!(without_mapping(address(text)), address(text));
    }
}
