//! The many ways to write an address that must not be reached, and what only looks like one.

use crate::{Denial, Named, Policy};

/// Loopback, metadata and private addresses, written in every way that some parser on the way might take for
/// them.
const SPELLINGS: [&str; 88] = [
    // Plain.
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "169.254.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "198.18.0.1",
    "192.0.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "::1",
    "::",
    "[::1]",
    "[::]",
    "0:0:0:0:0:0:0:1",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "fe80::1",
    "fe80::1%1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    // IPv4 in IPv6: mapped, compatible, translated.
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::FFFF:7F00:0001",
    "[::ffff:127.0.0.1]",
    "0:0:0:0:0:ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::7f00:1",
    "::a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "::ffff:0:a9fe:a9fe",
    // Translators and tunnels.
    "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "2002:7f00:1::",
    "2002:7f00:0001::1",
    "2002:a9fe:a9fe::",
    "2002:a00:1::",
    "2002:c0a8:1::1",
    "2001:0:7f00:1::",
    "2001::80ff:fffe",
    "2001:0:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "fe80::5efe:7f00:1",
    "2606:4700::200:5efe:a9fe:a9fe",
    // Decimal, octal, hexadecimal and short forms of the C library.
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f.0.0.1",
    "0x7f.1",
    "127.1",
    "127.0.1",
    "0",
    "0x0",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "0xA9.0xFE.0xA9.0xFE",
    "169.254.43518",
    "00127.0.0.1",
    "127.0.0.1.",
    // Characters that are digits or dots to some.
    "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
    "\u{2460}\u{2461}\u{2466}.0.0.1",
    "127\u{3002}0\u{3002}0\u{3002}1",
    "127\u{ff0e}0\u{ff0e}0\u{ff0e}1",
    // Tricks of URLs.
    "example.com@127.0.0.1",
    "127.0.0.1#.example.com",
    "127.0.0.1\\.example.com",
    "127.0.0.1%00.example.com",
    "%31%32%37.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1/.example.com",
];

#[test]
fn no_spelling_of_an_internal_address_gets_through() {
    let policy = Policy::default().block_internal();
    for host in SPELLINGS {
        for named in [Named::ByOperator, Named::Dynamically] {
            let denial = policy.check_host(host, named).expect_err(host);
            assert!(matches!(denial, Denial::Address { .. } | Denial::Malformed), "{host}: {denial}");
        }
    }
}

#[test]
fn public_addresses_next_to_internal_ones_get_through() {
    let policy = Policy::default().block_internal();
    let neighbours = [
        "126.255.255.255",
        "128.0.0.1",
        "9.255.255.255",
        "11.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "1.1.1.1",
        "8.8.8.8",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
        "2001:1::1",
        "2003::a9fe:a9fe",
    ];
    for host in neighbours {
        assert_eq!(policy.check_host(host, Named::Dynamically), Ok(()), "{host}");
    }
}

#[test]
fn names_that_look_like_addresses_are_left_to_the_resolver() {
    let policy = Policy::default().block_internal();
    for host in [
        "127.0.0.1.example.com",
        "169-254-169-254.example.com",
        "0x7f.example",
        "localhost",
        "metadata.internal",
    ] {
        assert_eq!(policy.check_host(host, Named::Dynamically), Ok(()), "{host}");
    }
}

#[test]
fn blocking_one_address_blocks_all_forms_of_it_and_not_its_neighbours() {
    let policy = Policy::unrestricted().block("169.254.169.254".parse().expect("an address"));
    let forms = [
        "169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "0xa9fea9fe",
    ];
    for host in forms {
        assert!(policy.check_host(host, Named::ByOperator).is_err(), "{host}");
    }
    for host in [
        "169.254.169.253",
        "::ffff:a9fe:a9fd",
        "::a9fe:a9ff",
        "64:ff9b::a9fe:a9fd",
        "2002:a9fe:a9fd::1",
        "127.0.0.1",
    ] {
        assert_eq!(policy.check_host(host, Named::ByOperator), Ok(()), "{host}");
    }
}
