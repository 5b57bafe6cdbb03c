use super::*;

fn complete(len: usize, source: Option<Ends>) -> Result<Parsed, Malformed> {
    Ok(Parsed::Complete { len, header: Header { source } })
}

fn ends(source: &str, destination: &str) -> Option<Ends> {
    Some((source.parse().unwrap(), destination.parse().unwrap()))
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A header of version 2 with this byte of version and command, this family, and what follows the length.
fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let len = u16::try_from(block.len()).unwrap().to_be_bytes();
    [binary::SIGNATURE, &[command, family], &len, block].concat()
}

fn vector(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind], &(value.len() as u16).to_be_bytes()[..], value].concat()
}

const FOUR: &[u8] = &[192, 0, 2, 1, 198, 51, 100, 2, 0x15, 0xb3, 0x01, 0xbb];

fn four() -> Option<Ends> {
    ends("192.0.2.1:5555", "198.51.100.2:443")
}

#[test]
fn lines_of_version_1_are_read() {
    #[track_caller]
    fn check(line: &str, source: Option<Ends>) {
        assert_eq!(parse(line.as_bytes()), complete(line.len(), source), "{line:?}");
        let more = format!("{line}GET / HTTP/1.1\r\n\r\n");
        assert_eq!(parse(more.as_bytes()), complete(line.len(), source), "{line:?} and more");
    }
    // Section 2.1: the examples, and the longest of each.
    check("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", ends("192.168.0.1:56324", "192.168.0.11:443"));
    check(
        "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
        ends("255.255.255.255:65535", "255.255.255.255:65535"),
    );
    let long = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let end = format!("[{long}]:65535");
    check(&format!("PROXY TCP6 {long} {long} 65535 65535\r\n"), ends(&end, &end));
    check("PROXY TCP6 ::1 2001:DB8::a 0 1\r\n", ends("[::1]:0", "[2001:db8::a]:1"));
    // What many systems write for an address of IPv4.
    check("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", ends("[::ffff:192.0.2.1]:1", "[::1]:2"));
    check("PROXY UNKNOWN\r\n", None);
    check("PROXY UNKNOWN \r\n", None);
    check(&format!("PROXY UNKNOWN {long} {long} 65535 65535\r\n"), None);
    check("PROXY UNKNOWN whatever this is, \u{e4}\r\n", None);
}

#[test]
fn lines_that_are_not_exactly_right_are_refused() {
    for line in [
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n",
        "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1\t192.0.2.2 1 2\r\n",
        // Bare ends of lines.
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rX",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
        "PROXY UNKNOWN a\nb\r\n",
        "PROXY UNKNOWN a\rb\r\n",
        // Addresses that are none, or of the other family, or that others read as octal.
        "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
        "PROXY TCP4 0300.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 ::1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 a.example 192.0.2.2 1 2\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP6 [::1] ::2 1 2\r\n",
        "PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n",
        "PROXY TCP6 1::2::3 ::2 1 2\r\n",
        "PROXY TCP6 12345::1 ::2 1 2\r\n",
        "PROXY TCP6 1:2:3:4:5:6:7 ::2 1 2\r\n",
        // Ports.
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 00 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 0x2\r\n",
        "PROXY TCP4 \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP6 \u{ff11}::1 ::2 1 2\r\n",
        // Families.
        "PROXY \r\n",
        "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY UNIX",
    ] {
        assert_eq!(parse(line.as_bytes()), Err(Malformed::Line), "{line:?}");
    }
}

#[test]
fn a_line_has_at_most_107_bytes() {
    let line = |padding: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(padding)).into_bytes();
    let longest = line(107 - 16);
    assert_eq!(parse(&longest), complete(107, None));
    assert_eq!(parse(&line(108 - 16)), Err(Malformed::TooLong));
    assert_eq!(parse(&line(109 - 16)), Err(Malformed::TooLong));
    assert_eq!(parse(&line(4000)), Err(Malformed::TooLong));
    assert_eq!(parse(&longest[..106]), Ok(Parsed::Partial));
}

#[test]
fn what_is_no_header_is_told_at_once() {
    for bytes in [
        &b"G"[..],
        b"GET / HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n",
        b"PROPFIND / HTTP/1.1\r\n",
        b"PROXX",
        b"PROXYTCP4",
        b"PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"proxy",
        b"\x16\x03\x01",
        b"\n",
        b"\r\r",
        b"\r\n\r\nGET",
        b"\r\n\r\n\0\r\nQUIX",
        b"\0",
    ] {
        assert_eq!(parse(bytes), Err(Malformed::Absent), "{bytes:?}");
    }
    for bytes in [&b""[..], b"P", b"PROXY", b"PROXY ", b"\r", b"\r\n\r\n", b"\r\n\r\n\0\r\nQUIT"] {
        assert_eq!(parse(bytes), Ok(Parsed::Partial), "{bytes:?}");
    }
}

#[test]
fn headers_of_version_2_are_read() {
    #[track_caller]
    fn check(bytes: &[u8], source: Option<Ends>) {
        assert_eq!(parse(bytes), complete(bytes.len(), source), "{bytes:?}");
        let more = [bytes, b"more"].concat();
        assert_eq!(parse(&more), complete(bytes.len(), source), "{bytes:?} and more");
    }
    check(&binary(0x21, 0x11, FOUR), four());
    let mut six = [0; 36];
    (six[15], six[31], six[33], six[35]) = (1, 2, 3, 4);
    check(&binary(0x21, 0x21, &six), ends("[::1]:3", "[::2]:4"));
    check(&binary(0x21, 0x31, &[b'x'; 216]), None);
    // A connection of the sender's own, whatever else it says of it.
    check(&binary(0x20, 0x00, b""), None);
    for family in [0x00, 0x11, 0x12, 0x21, 0xff] {
        check(&binary(0x20, family, b"?"), None);
        check(&binary(0x20, family, FOUR), None);
    }
    // Unspecified, in whole or in part.
    for family in [0x00, 0x01, 0x10, 0x20, 0x30] {
        check(&binary(0x21, family, b""), None);
        check(&binary(0x21, family, b"??"), None);
    }
}

#[test]
fn vectors_are_skipped_but_must_be_vectors() {
    let vectors = [
        vector(0x04, b""),
        vector(0x01, b"h2"),
        vector(0x02, b"a.example"),
        // AWS' id of an endpoint.
        vector(0xea, b"\x01vpce-0123456789abcdef0"),
        // TLS, with a vector within that is not looked at.
        vector(0x20, b"\x01\0\0\0\0\x21\0\xff"),
        vector(0xff, &[7; 3000]),
    ]
    .concat();
    let header = |vectors: &[u8]| binary(0x21, 0x11, &[FOUR, vectors].concat());
    let whole = header(&vectors);
    assert_eq!(parse(&whole), complete(whole.len(), four()));
    for cut in [1, 2, vectors.len() - 1] {
        assert_eq!(parse(&header(&vectors[..cut])), Err(Malformed::Vector), "cut at {cut}");
    }
    assert_eq!(parse(&header(b"\x04\xff\xff")), Err(Malformed::Vector));
    assert_eq!(parse(&binary(0x21, 0x31, &[0; 218])), Err(Malformed::Vector));
}

#[test]
fn a_checksum_is_verified() {
    // What HAProxy 2.6 sends: a checksum and a unique id; the same over IPv6.
    for (header, source) in [
        (
            "0d0a0d0a000d0a515549540a211100237f0000017f000001e70a46b50300042da0bb9605000d37463030303030313a45373041",
            ends("127.0.0.1:59146", "127.0.0.1:18101"),
        ),
        (
            "0d0a0d0a000d0a515549540a2121002b0000000000000000000000000000000100000000000000000000000000000001857446b7030004f126337f",
            ends("[::1]:34164", "[::1]:18103"),
        ),
    ] {
        let header = hex(header);
        assert_eq!(parse(&header), complete(header.len(), source));
        // Whichever bit of the addresses or of the checksum is another one.
        let vector = 16 + if header[13] == 0x11 { 12 } else { 36 };
        for (at, bit) in
            (16..vector).chain(vector + 3..vector + 7).flat_map(|at| (0..8).map(move |bit| (at, bit)))
        {
            let mut flipped = header.clone();
            flipped[at] ^= 1 << bit;
            assert_eq!(parse(&flipped), Err(Malformed::Checksum), "bit {bit} of byte {at}");
        }
    }
    let with = |vectors: &[Vec<u8>]| binary(0x21, 0x11, &[FOUR, &vectors.concat()].concat());
    assert_eq!(parse(&with(&[vector(3, &[0; 4])])), Err(Malformed::Checksum));
    for length in [0, 3, 5, 8] {
        assert_eq!(parse(&with(&[vector(3, &vec![0; length])])), Err(Malformed::Vector), "{length}");
    }
    // Two of them cannot both be right.
    assert_eq!(parse(&with(&[vector(3, &[0; 4]), vector(3, &[0; 4])])), Err(Malformed::Vector));
}

#[test]
fn headers_of_version_2_that_say_something_else_are_refused_as_soon_as_that_is_known() {
    #[track_caller]
    fn check(bytes: &[u8], known_at: usize, expected: Malformed) {
        assert_eq!(parse(bytes), Err(expected), "{bytes:?}");
        assert_eq!(parse(&bytes[..known_at]), Err(expected), "{bytes:?}, the first {known_at} bytes");
        assert_eq!(parse(&bytes[..known_at - 1]), Ok(Parsed::Partial), "{bytes:?}, one byte less");
    }
    for version in [0x00, 0x01, 0x11, 0x31, 0xf1] {
        check(&binary(version, 0x11, FOUR), 13, Malformed::Version);
    }
    for command in [0x22, 0x23, 0x2f] {
        check(&binary(command, 0x11, FOUR), 13, Malformed::Command);
    }
    // Datagrams, and families and protocols that there are not.
    for family in [0x02, 0x12, 0x22, 0x32, 0x03, 0x13, 0x2f, 0x40, 0x41, 0xf1] {
        check(&binary(0x21, family, &[0; 216]), 14, Malformed::Family);
    }
    check(&binary(0x21, 0x11, &FOUR[..11]), 16, Malformed::Addresses);
    check(&binary(0x21, 0x21, &[0; 35]), 16, Malformed::Addresses);
    check(&binary(0x21, 0x31, &[0; 215]), 16, Malformed::Addresses);
    for command in [0x20, 0x21] {
        check(&binary(command, 0x00, &[0; 4081]), 16, Malformed::TooLong);
        let longest = binary(command, 0x00, &[0; 4080]);
        assert_eq!(parse(&longest), complete(4096, None));
    }
}

#[test]
fn headers_are_written_as_the_text_has_them() {
    #[track_caller]
    fn check(ends: Option<Ends>, v1: &str, v2: &[u8]) {
        assert_eq!(String::from_utf8(header(ProxyVersion::V1, ends)).unwrap(), v1);
        assert_eq!(header(ProxyVersion::V2, ends), v2);
    }
    check(four(), "PROXY TCP4 192.0.2.1 198.51.100.2 5555 443\r\n", &binary(0x21, 0x11, FOUR));
    // A socket for both families gives addresses of IPv4 in that shape.
    check(
        ends("[::ffff:192.0.2.1]:5555", "[::ffff:198.51.100.2]:443"),
        "PROXY TCP4 192.0.2.1 198.51.100.2 5555 443\r\n",
        &binary(0x21, 0x11, FOUR),
    );
    let mut six = [0; 36];
    (six[15], six[31], six[33], six[35]) = (1, 2, 3, 4);
    check(ends("[::1]:3", "[::2]:4"), "PROXY TCP6 ::1 ::2 3 4\r\n", &binary(0x21, 0x21, &six));
    // One of each: the source is what matters, and IPv6 has room for both.
    six[..16].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1]);
    check(
        ends("192.0.2.1:3", "[::2]:4"),
        "PROXY TCP6 ::ffff:c000:201 ::2 3 4\r\n",
        &binary(0x21, 0x21, &six),
    );
    check(None, "PROXY UNKNOWN\r\n", &binary(0x20, 0x00, b""));
}

fn random_end(random: &mut fastrand::Rng) -> SocketAddr {
    let port = random.u16(..);
    match random.u8(0..4) {
        0 => SocketAddr::from((Ipv4Addr::from(random.u32(..)), port)),
        1 => SocketAddr::from((Ipv4Addr::from(random.u32(..)).to_ipv6_mapped(), port)),
        // Many zeros, for the double colon.
        2 => SocketAddr::from((Ipv6Addr::from(random.u128(..) & random.u128(..) & random.u128(..)), port)),
        _ => SocketAddr::from((Ipv6Addr::from(random.u128(..)), port)),
    }
}

/// A header that is right, with what it says.
fn random_header(random: &mut fastrand::Rng) -> (Vec<u8>, Option<Ends>) {
    let ends = random.bool().then(|| (random_end(random), random_end(random)));
    if random.bool() {
        return (header(ProxyVersion::V1, ends), ends);
    }
    let mut header = header(ProxyVersion::V2, ends);
    for _ in 0..random.usize(0..4) {
        let value: Vec<u8> = (0..random.usize(0..200)).map(|_| random.u8(..)).collect();
        header.extend(vector([1, 2, 4, 5, 0x20, 0xe0][random.usize(0..6)], &value));
    }
    let checksum = (ends.is_some() && random.bool()).then(|| {
        header.extend(vector(3, &[0; 4]));
        header.len() - 4
    });
    let len = ((header.len() - 16) as u16).to_be_bytes();
    header[14..16].copy_from_slice(&len);
    if let Some(place) = checksum {
        let sum = crc32c::crc32c(&[&header]).to_be_bytes();
        header[place..].copy_from_slice(&sum);
    }
    (header, ends)
}

#[test]
fn a_long_walk_reads_what_was_written_and_never_half_of_it() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    for step in 0..3_000 {
        let (header, said) = random_header(&mut random);
        let at = format!("seed {seed}, step {step}, {header:?}");
        let Ok(Parsed::Complete { len, header: Header { source } }) = parse(&header) else { panic!("{at}") };
        let canonical = |ends: Option<Ends>| {
            ends.map(|(source, destination)| {
                [source, destination].map(|end| (end.ip().to_canonical(), end.port()))
            })
        };
        assert_eq!((len, canonical(source)), (header.len(), canonical(said)), "{at}");
        for cut in 0..header.len() {
            assert_eq!(parse(&header[..cut]), Ok(Parsed::Partial), "{at}, cut at {cut}");
        }
        let mut flipped = header.clone();
        let place = random.usize(..header.len());
        flipped[place] = random.u8(..);
        fuzz_proxy_protocol(&flipped);
        fuzz_proxy_protocol(&[header, b"and more".to_vec()].concat());
    }
}
