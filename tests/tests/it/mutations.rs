//! Messages with something wrong somewhere, thousands of them: whatever they are, both sides stay in step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use harness::{Backend, Broken, Document, Message, Proxyd, latin1};

use crate::it::front::{Front, answers};

/// Numbers that are the same in every run (xorshift64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    pub(crate) fn one_of<'s>(&mut self, choices: &[&'s [u8]]) -> &'s [u8] {
        choices[self.below(choices.len())]
    }

    /// The message with one to three changes.
    fn mutate(&mut self, message: &[u8]) -> Vec<u8> {
        self.mutate_with(message, PIECES)
    }

    /// The same, with these pieces.
    pub(crate) fn mutate_with(&mut self, message: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
        let mut message = message.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(message.len() + 1);
            let end = (at + self.below(4)).min(message.len());
            match self.below(4) {
                0 => message.splice(at..at, self.one_of(pieces).to_vec()).for_each(drop),
                1 => message.splice(at..end, self.one_of(pieces).to_vec()).for_each(drop),
                2 => drop(message.drain(at..end)),
                _ => {
                    let copy = message[at..end].to_vec();
                    message.splice(end..end, copy).for_each(drop);
                }
            }
        }
        message
    }
}

/// What parsers are known to stumble over.
pub(crate) const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b"\x0b",
    b":",
    b",",
    b";",
    b"\"",
    b"0",
    b"1",
    b"f",
    b"-",
    b"+",
    b"_",
    b"%",
    b"/",
    b"..",
    b"#",
    b"@",
    b"\xff",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"\r\nContent-Length: 3",
    b"\r\nContent-Length: 0",
    b"\r\nTransfer-Encoding: chunked",
    b"\r\nTransfer-Encoding : chunked",
    b"\r\nConnection: close",
    b"\r\nConnection: Content-Length",
    b"\r\nExpect: 100-continue",
    b"\r\nUpgrade: x\r\nConnection: upgrade",
    b"\r\nHost: b.test",
    b"\r\n folded",
    b"HTTP/1.0",
    b"HTTP/1.1 100 Continue\r\n\r\n",
];

const REQUESTS: &[&[u8]] = &[
    b"GET /a?b=c HTTP/1.1\r\nHost: a.test\r\nX: y\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /c HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"PUT /d HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a.test\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-T: z\r\n\r\n",
    b"GET http://a.test/e HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, x\r\nX: y\r\n\r\n",
    b"HEAD /f/../g%2e HTTP/1.0\r\nHost: a.test\r\n\r\n",
];

/// As many requests reach the backend as are answered from there, each of them unambiguous.
#[test]
fn requests_that_went_wrong_keep_both_sides_in_step() {
    let seed = 0x5eed_0001;
    let front = Front::new();
    let (mut all_passed, mut none_passed) = (0, 0);
    for round in 0..3000 {
        let mut random = Random(seed + round * 7919);
        let message = random_message(&mut random, REQUESTS);
        let mut bytes = random.mutate(message);
        bytes.extend_from_slice(b"GET /behind HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let before = front.backend.request_count();
        let mut client = front.proxyd.connect();
        let _ = client.try_send(&bytes);
        client.half_close();
        let (read, _) = client.rest();
        let passed = latin1(&read).matches("HTTP/1.1 200 ").count();
        all_passed += usize::from(passed == 2);
        none_passed += usize::from(passed == 0);
        let seen = front.backend.requests_since(before);
        let shown = latin1(&bytes);
        assert_eq!(seen.len(), passed, "round {round} of seed {seed}: {shown:?} came as {seen:#?}");
        let is_ours = |seen: &Message| matches!(seen.all("Via")[..], ["1.1 proxyd" | "1.0 proxyd"]);
        assert!(seen.iter().all(is_ours), "round {round} of seed {seed}: {shown:?} came as {seen:#?}");
    }
    assert!(
        all_passed > 300 && none_passed > 300,
        "{all_passed} and {none_passed}: the changes say too little"
    );
    assert_eq!(front.proxyd.stop().connections("internal"), 0, "nothing panicked");
}

fn random_message<'m>(random: &mut Random, messages: &[&'m [u8]]) -> &'m [u8] {
    messages[random.below(messages.len())]
}

const RESPONSES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5;x\r\nhello\r\n0\r\nX-T: z\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
    b"HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nno",
];

/// The client reads a whole answer, or sees that it is not whole; and the next one gets an answer of its own.
#[test]
fn answers_that_went_wrong_keep_both_sides_in_step() {
    let seed = 0x5eed_0002;
    let round = Arc::new(AtomicU64::new(0));
    let rounds = Arc::clone(&round);
    let answer = move |round: u64| {
        let mut random = Random(seed + round * 7919);
        let message = random_message(&mut random, RESPONSES);
        random.mutate(message)
    };
    let answering = answer;
    let backend = Backend::start(move |session| {
        while let Ok(request) = session.request() {
            if request.target() == "/next" {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
            } else {
                session.send(answering(rounds.load(Ordering::SeqCst)));
                // What has no end in itself ends here; the rest is not looked at.
                session.connection.half_close();
            }
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    for number in 0..1500 {
        round.store(number, Ordering::SeqCst);
        let mut client = proxyd.connect();
        client.ask("POST /odd HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        let shown = latin1(&answer(number));
        match client.response() {
            Ok(read) => {
                assert!(fits(&read), "round {number} of seed {seed}: {shown:?} is {read:?}");
                let more = answers(&mut client);
                assert!(more.is_empty(), "round {number} of seed {seed}: {shown:?} has {more:?} as well");
            }
            Err(Broken::Cut(..) | Broken::End(_)) => {}
            Err(Broken::Malformed(what)) => panic!("round {number} of seed {seed}: {shown:?}: {what}"),
        }
        if number % 10 == 0 {
            assert_eq!(proxyd.get("/next").text(), "next", "behind round {number}: {shown:?}");
        }
    }
    assert_eq!(proxyd.stop().connections("internal"), 0, "nothing panicked");
}

/// Nothing in the head can be read in two ways.
fn fits(answer: &Message) -> bool {
    let raw = latin1(&answer.head.raw);
    let lines = raw.replace("\r\n", "");
    let framings = answer.all("Content-Length").len() + answer.all("Transfer-Encoding").len();
    !lines.contains(['\r', '\n', '\0']) && framings <= 1 && (100..=999).contains(&answer.status())
}
