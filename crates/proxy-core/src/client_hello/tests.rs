use super::*;

/// `openssl s_client -servername WWW.Example.test -alpn h2,http/1.1`, OpenSSL 3.0.
const OPENSSL: &str = "\
    160301014f0100014b0303ce11f6fc54d9096acbe3f96c69c93070d16e774c5426cafa20cda3431b0fe730201d8a54b60f1e43f056a06a\
    f4da5799e9bbc670374a3e97063ebf46fcdaecb1e7003e130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023\
    c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff010000c40000001500130000105757572e4578616d706c652e\
    74657374000b000403000102000a00160014001d0017001e0019001801000101010201030104002300000010000e000c02683208687474\
    702f312e310016000000170000000d002a0028040305030603080708080809080a080b0804080508060401050106010303030103020402\
    05020602002b0009080304030303020301002d00020101003300260024001d00208b3ae8b00175f87a3a97ccec68aecd09e9907afbec9d\
    bcd7f6582f97bcf1290b";
/// The same with `-noservername -tls1_2`.
const NAMELESS: &str = "\
    16030100b7010000b30303cad6124dd22f5ea3ed47c96f244192018d71dd0e207d3c42345e845ec6b0c55e000038c02cc030009fcca9cc\
    a8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff01000052000b0004\
    03000102000a000c000a001d0017001e00190018002300000016000000170000000d002a0028040305030603080708080809080a080b08\
    0408050806040105010601030303010302040205020602";
/// The same with `-servername a.test -split_send_frag 64`: in records of 64 bytes.
const SPLIT: &str = "\
    16030100400100012f0303fe230560f75a3ac3f27f81ef50fd18b0197fd51e1394b309a57fbcb0961b540520fa5ca0d44bdbc45fb457e0\
    8ca96d227cb9d638c944cbf035251603010040a925178061d0f2003e130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024c0\
    28006bc023c0270067c00ac0140039c009c0130033009d009c003d0016030100403c0035002f00ff010000a80000000b0009000006612e\
    74657374000b000403000102000a00160014001d0017001e00190018010001010102010301040023000016030100400016000000170000\
    000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602002b00090803040303\
    031603010033020301002d00020101003300260024001d00200663d31eae5424537da4a7cc9dece507ef04bc1f0b731bb7bb3dcb111ea6\
    e54b";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn vector8(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

fn vector16(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector16(value)].concat()
}

fn server_name(name: &[u8]) -> Vec<u8> {
    extension(SERVER_NAME, &vector16(&[&[HOST_NAME][..], &vector16(name)].concat()))
}

fn protocols(names: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = names.iter().flat_map(|name| vector8(name)).collect();
    extension(PROTOCOLS, &vector16(&list))
}

/// What a ClientHello is made of.
struct Hello {
    version: [u8; 2],
    session: Vec<u8>,
    suites: Vec<u8>,
    compressions: Vec<u8>,
    /// The extensions with the length in front of all, where there are any.
    behind: Vec<u8>,
}

impl Hello {
    fn new(extensions: &[Vec<u8>]) -> Self {
        Self {
            version: [3, 3],
            session: vec![7; 32],
            suites: vec![0x13, 0x01, 0x13, 0x02],
            compressions: vec![0],
            behind: vector16(&extensions.concat()),
        }
    }

    fn message(&self) -> Vec<u8> {
        let body = [
            &self.version[..],
            &[5; 32],
            &vector8(&self.session),
            &vector16(&self.suites),
            &vector8(&self.compressions),
            &self.behind,
        ]
        .concat();
        let len = (body.len() as u32).to_be_bytes();
        [&[CLIENT_HELLO], &len[1..], &body].concat()
    }

    fn record(&self) -> Vec<u8> {
        records(&self.message(), usize::MAX)
    }
}

/// A message in records of so many bytes.
fn records(message: &[u8], most: usize) -> Vec<u8> {
    message.chunks(most).flat_map(|part| [&[HANDSHAKE, 3, 1][..], &vector16(part)].concat()).collect()
}

fn found(name: Option<&str>, offered: &[&str]) -> Result<Peeked, NotTls> {
    let protocols: Vec<u8> = offered.iter().flat_map(|name| vector8(name.as_bytes())).collect();
    Ok(Peeked::Complete { server_name: name.map(str::to_owned), protocols: Protocols(protocols.into()) })
}

#[test]
fn the_name_and_the_protocols_of_real_clients_are_found() {
    for (hello, name, offered) in [
        (OPENSSL, Some("www.example.test"), &["h2", "http/1.1"][..]),
        (NAMELESS, None, &[]),
        (SPLIT, Some("a.test"), &[]),
    ] {
        let hello = hex(hello);
        assert_eq!(peek(&hello), found(name, offered));
        // What comes behind is not looked at.
        assert_eq!(peek(&[&hello[..], b"anything"].concat()), found(name, offered));
        for cut in 0..hello.len() {
            assert_eq!(peek(&hello[..cut]), Ok(Peeked::Partial), "cut at {cut}");
        }
    }
    let Ok(Peeked::Complete { protocols, .. }) = peek(&hex(OPENSSL)) else { panic!() };
    assert_eq!(protocols.iter().collect::<Vec<_>>(), [&b"h2"[..], b"http/1.1"]);
}

#[test]
fn a_hello_may_be_cut_into_records_of_any_size() {
    let message = Hello::new(&[server_name(b"a.test"), protocols(&[b"h2"])]).message();
    for most in (1..message.len() + 2).chain([16 * 1024]) {
        let bytes = records(&message, most);
        assert_eq!(peek(&bytes), found(Some("a.test"), &["h2"]), "{most} bytes each");
        for cut in 0..bytes.len() {
            assert_eq!(peek(&bytes[..cut]), Ok(Peeked::Partial), "{most} bytes each, cut at {cut}");
        }
    }
}

#[test]
fn hosts_are_named_as_others_are() {
    #[track_caller]
    fn check(name: &[u8], expected: Option<&str>) {
        let hello = Hello::new(&[server_name(name)]).record();
        assert_eq!(peek(&hello), found(expected, &[]), "{}", name.escape_ascii());
    }
    check(b"a.test", Some("a.test"));
    check(b"A-1.B_2.Test", Some("a-1.b_2.test"));
    check(b"xn--bcher-kva.example", Some("xn--bcher-kva.example"));
    check(b"localhost", Some("localhost"));
    check(b"1.a", Some("1.a"));
    check(b"a.test.", Some("a.test"));
    let label = "x".repeat(63);
    check(format!("{label}.test").as_bytes(), Some(&format!("{label}.test")));
    let longest = format!("{label}.{label}.{label}.{}", "x".repeat(61));
    check(longest.as_bytes(), Some(&longest));
    check(format!("{longest}.").as_bytes(), Some(&longest));
    for name in [
        &b"."[..],
        b"a.test..",
        b".a.test",
        b"a..test",
        b"127.0.0.1",
        b"127.0.0.1.",
        b"0x7f.1",
        b"a.0x7f",
        b"2130706433",
        b"::1",
        b"[::1]",
        b"*.test",
        b"a test",
        b"a.test:443",
        b"a.test/",
        b"a\0.test",
        b"a.test\0",
        b"a%2etest",
        "b\u{fc}cher.example".as_bytes(),
        b"\xff.test",
        format!("{label}x.test").as_bytes(),
        format!("{longest}x").as_bytes(),
    ] {
        check(name, None);
    }
}

#[test]
fn a_hello_needs_no_extensions() {
    let bare = Hello { behind: Vec::new(), version: [3, 1], session: Vec::new(), ..Hello::new(&[]) };
    assert_eq!(peek(&bare.record()), found(None, &[]));
    assert_eq!(peek(&Hello::new(&[]).record()), found(None, &[]));
    // What is not known is skipped: GREASE, and everything else.
    let unknown = [extension(0x0a0a, b""), extension(0xffff, &[1; 3000]), extension(0x0a0a, b"again")];
    assert_eq!(peek(&Hello::new(&unknown).record()), found(None, &[]));
}

#[test]
fn what_can_be_read_in_two_ways_is_no_hello() {
    let name = server_name(b"a.test");
    let entry = |kind: u8, name: &[u8]| [&[kind][..], &vector16(name)].concat();
    let names = |list: &[u8]| extension(SERVER_NAME, &vector16(list));
    let one = entry(HOST_NAME, b"a.test");
    for (what, extensions) in [
        ("two server names", vec![name.clone(), name.clone()]),
        ("two names in one", vec![names(&[one.clone(), entry(HOST_NAME, b"b.test")].concat())]),
        ("a name of another type", vec![names(&entry(1, b"a.test"))]),
        ("a name of another type behind", vec![names(&[one.clone(), entry(1, b"b")].concat())]),
        ("an empty name", vec![names(&entry(HOST_NAME, b""))]),
        ("no names", vec![names(b"")]),
        ("nothing", vec![extension(SERVER_NAME, b"")]),
        ("more behind the names", vec![extension(SERVER_NAME, &[&vector16(&one)[..], b"x"].concat())]),
        ("a name that is cut off", vec![names(&one[..one.len() - 1])]),
        ("names that are cut off", vec![extension(SERVER_NAME, &vector16(&one)[..one.len()])]),
        ("two lists of protocols", vec![protocols(&[b"h2"]), protocols(&[b"h2"])]),
        ("no protocols", vec![protocols(&[])]),
        ("an empty protocol", vec![protocols(&[b"h2", b""])]),
        ("a protocol that is cut off", vec![extension(PROTOCOLS, &vector16(b"\x03h2"))]),
        ("more behind the protocols", vec![extension(PROTOCOLS, b"\0\x03\x02h2x")]),
        ("an extension that is cut off", vec![extension(5, b"abc")[..6].to_vec()]),
        ("half the head of an extension", vec![vec![0, 5, 0]]),
    ] {
        assert_eq!(peek(&Hello::new(&extensions).record()), Err(NotTls), "{what}");
    }
    let right = || Hello::new(std::slice::from_ref(&name));
    assert_eq!(peek(&right().record()), found(Some("a.test"), &[]));
    let more = [right().behind, b"x".to_vec()].concat();
    let short = vector16(&name)[..name.len() + 1].to_vec();
    for (what, hello) in [
        ("version 2", Hello { version: [2, 0], ..right() }),
        ("a long session", Hello { session: vec![0; 33], ..right() }),
        ("no suites", Hello { suites: Vec::new(), ..right() }),
        ("half a suite", Hello { suites: vec![0x13, 1, 0x13], ..right() }),
        ("no compressions", Hello { compressions: Vec::new(), ..right() }),
        ("more behind", Hello { behind: more, ..right() }),
        ("extensions that are cut off", Hello { behind: short, ..right() }),
        ("half a length", Hello { behind: vec![0], ..right() }),
    ] {
        assert_eq!(peek(&hello.record()), Err(NotTls), "{what}");
    }
    // Shorter than all of these are.
    for len in 0..70 {
        let message = right().message();
        let cut = [&[CLIENT_HELLO, 0, 0, len as u8], &message[4..4 + len]].concat();
        assert_eq!(peek(&records(&cut, usize::MAX)), Err(NotTls), "{len} bytes");
    }
}

#[test]
fn what_is_no_tls_is_told_at_once() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x15",
        b"\x17\x03",
        b"\x16\x02",
        b"\x16\x04\x01",
        // A fragment that is empty, or longer than one may be.
        b"\x16\x03\x01\0\0",
        b"\x16\x03\x01\x40\x01",
        // Another message than a ClientHello, and one that is too long.
        b"\x16\x03\x01\x02\0\x02",
        b"\x16\x03\x01\x02\0\x01\0\x40\x01",
        b"\x16\x03\x01\x02\0\x01\xff\xff\xff",
        // Something else where the second record should be.
        b"\x16\x03\x01\0\x01\x01\x15",
        b"\x16\x03\x01\0\x02\x01\0\x16\x02",
        b"\x16\x03\x01\0\x02\x01\0\x16\x03\x01\0\0",
        // A ClientHello of SSL 2.0.
        b"\x80\x2e\x01\x03\x01",
    ] {
        assert_eq!(peek(bytes), Err(NotTls), "{bytes:?}");
    }
    for bytes in [&b""[..], b"\x16", b"\x16\x03\x01\0\x01", b"\x16\x03\x01\x40\x00\x01\0\x40\0"] {
        assert_eq!(peek(bytes), Ok(Peeked::Partial), "{bytes:?}");
    }
}

#[test]
fn a_long_hello_is_read_and_a_longer_one_is_not() {
    let padded = |padding: usize| {
        let message = Hello::new(&[server_name(b"a.test"), extension(21, &vec![0; padding])]).message();
        (message.len() - 4, message)
    };
    let (without, _) = padded(0);
    let (len, longest) = padded(LONGEST - without);
    assert_eq!(len, LONGEST);
    for most in [1024, 16 * 1024] {
        assert_eq!(peek(&records(&longest, most)), found(Some("a.test"), &[]), "{most} bytes each");
        let longer = records(&padded(LONGEST - without + 1).1, most);
        assert_eq!(peek(&longer), Err(NotTls), "{most} bytes each");
    }
    // What records add is bounded as well.
    let tiny = records(&longest, 1);
    assert_eq!(peek(&tiny), Err(NotTls));
    assert_eq!(peek(&tiny[..LONGEST_IN_RECORDS]), Err(NotTls));
    assert_eq!(peek(&tiny[..LONGEST_IN_RECORDS - 1]), Ok(Peeked::Partial));
}

#[test]
fn a_long_walk_reads_the_same_however_it_is_cut() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let hellos = [OPENSSL, NAMELESS, SPLIT].map(hex);
    for _ in 0..5_000 {
        let mut bytes = hellos[random.usize(0..3)].clone();
        for _ in 0..random.usize(1..4) {
            let place = random.usize(..bytes.len());
            match random.u8(0..4) {
                0 => bytes[place] = random.u8(..),
                1 => bytes[place] ^= 1 << random.u8(0..8),
                2 => bytes.insert(place, random.u8(..)),
                _ => drop(bytes.remove(place)),
            }
        }
        fuzz_client_hello(&bytes);
    }
}
