//! Clients, each with one connection.

use std::sync::atomic::Ordering;

use harness::frames::{Fields, Http2};
use harness::{Connection, Socket};

use super::Shown;
use super::site::{byte_at, bytes_from};

/// So many streams of a connection at once.
const STREAMS: usize = 25;

impl Shown {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn least(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Compares what a response shows with what its request could find.
    #[track_caller]
    fn check(&self, least: u64, status: u16, shown: &[&str]) {
        let most = self.asked.load(Ordering::SeqCst);
        assert_eq!(status, 200, "{shown:?}");
        let [shown] = shown else { panic!("not one X-Shown: {shown:?}") };
        let number: u64 = shown.parse().unwrap();
        assert!((least..=most).contains(&number), "{number} is none of {least} to {most}");
    }
}

/// Asks again and again on a connection; how often.
pub(super) fn over_http1(address: &Socket, shown: &Shown) -> u64 {
    let mut connection = Connection::to(address);
    let mut count = 0;
    while !shown.is_over() {
        let least = shown.least();
        connection.ask("GET /small HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let answer = connection.response().unwrap_or_else(|broken| panic!("request {count}: {broken:?}"));
        shown.check(least, answer.status(), &answer.all("X-Shown"));
        assert!(!answer.closes(), "{answer:?}");
        assert_eq!(answer.text(), "ok");
        count += 1;
    }
    count
}

/// The same with many streams at once.
pub(super) fn over_http2(address: &Socket, shown: &Shown) -> u64 {
    let mut client = Http2::to(address);
    let mut count = 0;
    while !shown.is_over() {
        let least = shown.least();
        let streams: Vec<u32> = (0..STREAMS).map(|_| client.ask(&Fields::request("GET", "/small"))).collect();
        for stream in streams {
            let response = client.response(stream);
            shown.check(least, response.status(), &response.head.all("x-shown"));
            assert_eq!((response.text().as_str(), response.reset), ("ok", None));
            count += 1;
        }
    }
    count
}

/// A WebSocket to a backend that echoes.
pub(super) struct Tunnel(Connection);

impl Tunnel {
    #[track_caller]
    pub(super) fn to(address: &Socket) -> Self {
        let mut connection = Connection::to(address);
        connection.send(
            "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
        assert_eq!(connection.head().unwrap().status(), 101);
        Self(connection)
    }

    #[track_caller]
    pub(super) fn echo(&mut self, number: u64) {
        let text = format!("message {number}");
        self.0.send(&text);
        assert_eq!(self.0.exactly(text.len()).unwrap(), text.as_bytes());
    }
}

/// A body that comes slowly, since its client takes its time.
pub(super) struct Download {
    connection: Connection,
    place: u64,
    size: u64,
}

impl Download {
    #[track_caller]
    pub(super) fn of(address: &Socket, size: u64) -> Self {
        let mut connection = Connection::to(address);
        connection.send(format!("GET /down/{size} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        assert_eq!(connection.head().unwrap().status(), 200);
        Self { connection, place: 0, size }
    }

    #[track_caller]
    pub(super) fn read(&mut self, count: u64) {
        let bytes = self.connection.exactly(usize::try_from(count).unwrap()).unwrap();
        let differs = (self.place..).zip(&bytes).find(|(place, byte)| byte_at(*place) != **byte);
        assert_eq!(differs, None);
        self.place += count;
    }

    /// All has come, and the connection is as good as before.
    #[track_caller]
    pub(super) fn end(&mut self) {
        self.read(self.size - self.place);
        self.connection.ask("GET /small HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(self.connection.response().unwrap().text(), "ok");
    }
}

/// A body that is sent slowly.
pub(super) struct Upload {
    connection: Connection,
    place: u64,
    size: u64,
}

impl Upload {
    #[track_caller]
    pub(super) fn of(address: &Socket, size: u64) -> Self {
        let mut connection = Connection::to(address);
        connection.ask(format!("POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: {size}\r\n\r\n"));
        Self { connection, place: 0, size }
    }

    #[track_caller]
    pub(super) fn send(&mut self, count: u64) {
        self.connection.send(bytes_from(self.place, count));
        self.place += count;
    }

    #[track_caller]
    pub(super) fn end(&mut self) {
        self.send(self.size - self.place);
        let answer = self.connection.response().unwrap();
        assert_eq!((answer.status(), answer.text()), (200, format!("{} true", self.size)));
    }
}
