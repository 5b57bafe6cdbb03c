use super::*;

#[track_caller]
fn check(ip: IpAddr) {
    let mut out = b"for=".to_vec();
    push_ip(&mut out, ip);
    assert_eq!(String::from_utf8(out).unwrap(), format!("for={ip}"));
}

#[test]
fn every_octet_is_written_as_the_standard_library_does() {
    for octet in 0..=255 {
        check(IpAddr::from([octet, 255 - octet, octet / 3, 1]));
    }
}

/// RFC 5952 sections 4 and 5.
#[test]
fn ipv6_addresses_are_canonical() {
    for (text, expected) in [
        ("::", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("0:0:1:2:3:4:0:0", "::1:2:3:4:0:0"),
        ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ] {
        let mut out = Vec::new();
        push_ip(&mut out, text.parse().unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn random_addresses_are_written_as_the_standard_library_does() {
    let seed = 3;
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..20_000 {
        check(IpAddr::from(random.u32(..).to_be_bytes()));
        // Few bits, so that zeros are frequent and digits vary in number.
        let segments: [u16; 8] =
            std::array::from_fn(|_| random.u16(..) >> random.u32(4..=16).min(15) & 0xfff);
        let mask: [u16; 8] = std::array::from_fn(|_| if random.bool() { u16::MAX } else { 0 });
        check(IpAddr::from(std::array::from_fn::<u16, 8, _>(|at| segments[at] & mask[at])));
        check(IpAddr::from(random.u128(..).to_be_bytes()));
    }
}

#[test]
fn ipv4_addresses_are_read_as_the_standard_library_does() {
    for text in [
        "",
        ".",
        "1",
        "1.2.3",
        "1.2.3.",
        ".1.2.3",
        "1.2.3.4.",
        "1.2.3.4.5",
        "1..3.4",
        "01.2.3.4",
        "00.0.0.0",
        "0.0.0.0",
        "256.1.1.1",
        "1.1.1.256",
        "300.1.1.1",
        "999.1.1.1",
        "1.1.1.1000",
        "255.255.255.255",
        "1.2.3.a",
        "1.2.3.4:",
        "1.2.3./",
        "1.2.3.-1",
        "+1.2.3.4",
        " 1.2.3.4",
        "0x1.2.3.4",
        "192.0.2.1",
        "99.100.9.10",
        "1.2.3.1\u{e9}",
    ] {
        assert_eq!(parse_v4(text.as_bytes()), text.parse().ok(), "{text}");
    }
    for value in 0..2_000 {
        let text = format!("10.{value}.{value:02}.{value:03}");
        assert_eq!(parse_v4(text.as_bytes()), text.parse().ok(), "{text}");
        let text = format!("{value}.0.0.{value}");
        assert_eq!(parse_v4(text.as_bytes()), text.parse().ok(), "{text}");
    }
}
