use super::*;

/// George Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.below(from.len())]
    }
}

/// What parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b"\0",
    b":",
    b": ",
    b",",
    b";",
    b"\"",
    b"_",
    b"-",
    b"\x0b",
    b"\x7f",
    b"\xff",
    b"\xc3\xa9",
    b"0",
    b"9",
    b"a",
    b"f",
    b"F",
    b"x",
    b"/",
    b"?",
    b"#",
    b"*",
    b"@",
    b"[",
    b"]",
    b"::1",
    b"%",
    b"..",
    b"http://",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"HTTP/1.2",
    b"HTTP/2.0",
    b"Host: a\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close, x\r\n",
    b"X_Real_IP: 1\r\n",
    b"chunked",
    b"gzip",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"A:b \r\n",
    b" c\r\n",
    b"fffffffffffffff",
    b"99999999999999999999",
    b"OPTIONS * ",
    b"CONNECT a:1 ",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let until = (at + random.below(6)).min(bytes.len());
        match random.below(6) {
            0 => drop(bytes.drain(at..until)),
            1 => drop(bytes.splice(at..at, random.pick(PIECES).iter().copied())),
            2 => drop(bytes.splice(at..until, random.pick(PIECES).iter().copied())),
            3 => {
                let copy = bytes[at..until].to_vec();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ if at < bytes.len() => bytes[at] = random.next() as u8,
            _ => {}
        }
    }
}

/// Calls `target` with `rounds` mutations of `seeds`, and says which seed and bytes a panic came from.
fn drive(name: &str, target: fn(&[u8]), seeds: &[&[u8]], rounds: u32) {
    const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = Random(SEED);
    for round in 0..rounds {
        let mut bytes = random.pick(seeds).to_vec();
        mutate(&mut bytes, &mut random);
        if let Err(panic) = std::panic::catch_unwind(|| target(&bytes)) {
            eprintln!("{name}, seed {SEED:#x}, round {round}: {}", bytes.escape_ascii());
            std::panic::resume_unwind(panic);
        }
    }
}

const REQUESTS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\nPOST /a?b HTTP/1.0\r\nHost:a\r\nContent-Length: 5\r\nConnection: keep-alive, x-a\r\nX-A: 1 \r\n\r\nhello",
    b"PUT http://a.test:80/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nX_Forwarded_For: 1\r\n\r\n0\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nhost: [::1]:80\r\nAccept:\r\nCookie: a=b\r\nCookie: c=d\r\nVia:\t1.1 a\t\r\n\r\n",
];

const RESPONSES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: a\r\n\r\nhello",
    b"HTTP/1.0 404 Not Found\r\nConnection: close, date\r\nDate:x \r\n\r\n",
    b"HTTP/1.1 103\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
];

const CHUNKED: &[&[u8]] = &[
    b"\x035\r\nhello\r\n0\r\n\r\n",
    b"\x01a ; b=\"c\"\r\n0123456789\r\n1\r\nx\r\n000;last\r\nA: b\r\nContent-Length: 1\r\n\r\nGET",
    b"\x10ffffffffffffff\r\nx",
];

const AUTHORITIES: &[&[u8]] = &[b"example.com:8080", b"[2001:db8::1]:80", b"127.0.0.1", b"a_b.c~d.:"];

const TARGETS: &[&[u8]] =
    &[b"/a/b?c=d&e", b"http://a.test:80/b?c", b"*", b"https://[::1]", b"/0123456789abcdef?0123456789"];

#[test]
fn whatever_the_bytes_requests_mean_the_same_when_written_on() {
    drive("request", fuzz_request, REQUESTS, 20_000);
}

#[test]
fn whatever_the_bytes_responses_mean_the_same_when_written_on() {
    drive("response", fuzz_response, RESPONSES, 20_000);
}

#[test]
fn whatever_the_bytes_chunks_are_the_same_however_they_are_cut() {
    drive("chunked", fuzz_chunked, CHUNKED, 20_000);
}

#[test]
fn whatever_the_bytes_an_authority_has_one_reading() {
    drive("authority", fuzz_authority, AUTHORITIES, 20_000);
}

#[test]
fn whatever_the_bytes_a_target_is_made_of_its_parts() {
    drive("target", fuzz_target, TARGETS, 20_000);
}

#[test]
fn the_seeds_themselves_are_accepted() {
    for bytes in REQUESTS {
        assert!(RequestHead::default().parse(bytes, &Limits::default()).is_ok(), "{}", bytes.escape_ascii());
    }
    for bytes in RESPONSES {
        assert!(ResponseHead::default().parse(bytes, &Limits::default()).is_ok(), "{}", bytes.escape_ascii());
    }
    for bytes in CHUNKED {
        assert!(decode_in_pieces(&bytes[1..], 5).is_some(), "{}", bytes.escape_ascii());
    }
    for bytes in AUTHORITIES {
        assert!(Authority::parse(bytes).is_ok(), "{}", bytes.escape_ascii());
    }
    for bytes in TARGETS {
        assert!(Target::parse(bytes, Method::Options).is_ok(), "{}", bytes.escape_ascii());
    }
}
