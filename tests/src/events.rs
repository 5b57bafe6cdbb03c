//! A stream of events of the API: server-sent events (WHATWG HTML, section 9.2).

use std::collections::VecDeque;

use serde_json::Value;

use crate::Connection;

/// A stream of events of the API.
#[derive(Debug)]
pub struct Events {
    connection: Connection,
    /// Text that came and is not read yet.
    text: String,
    ready: VecDeque<Event>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What kind.
    pub name: String,
    /// Its number in the stream.
    pub id: u64,
    /// What it says.
    pub data: Value,
}

impl Events {
    /// Those of these types, over a connection; it is listened to when this returns.
    #[track_caller]
    pub(crate) fn of(mut connection: Connection, types: &str) -> Self {
        let query = if types.is_empty() { String::new() } else { format!("?types={types}") };
        connection.send(format!("GET /api/v1/events{query} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let head = connection.head().expect("there is an answer");
        assert_eq!(head.status(), 200, "{head:?}");
        assert_eq!(head.field("content-type"), Some("text/event-stream"), "{head:?}");
        let mut events = Self { connection, text: String::new(), ready: VecDeque::new() };
        // The comment that comes at once.
        events.read();
        events
    }

    /// The next event.
    ///
    /// # Panics
    /// None comes, or the stream ends.
    #[track_caller]
    #[expect(clippy::should_implement_trait, reason = "a stream has no end")]
    pub fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            self.read();
        }
    }

    /// The next event of a kind; others are passed over.
    ///
    /// # Panics
    /// None comes, or the stream ends.
    #[track_caller]
    pub fn wait_for(&mut self, name: &str) -> Event {
        loop {
            let event = self.next();
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads one chunk.
    #[track_caller]
    fn read(&mut self) {
        let mut size = String::new();
        while !size.ends_with("\r\n") {
            size.push_str(&crate::latin1(&self.connection.exactly(1).expect("the stream goes on")));
        }
        let size = usize::from_str_radix(size.trim_end(), 16).expect("a chunk has a size");
        assert!(size > 0, "the stream has ended");
        let chunk = self.connection.exactly(size + 2).expect("the stream goes on");
        self.text.push_str(std::str::from_utf8(&chunk[..size]).expect("events are text"));
        while let Some((block, rest)) = self.text.split_once("\n\n") {
            let event = parse(block);
            let rest = rest.to_owned();
            self.ready.extend(event);
            self.text = rest;
        }
    }
}

/// An event; `None` for a comment.
fn parse(block: &str) -> Option<Event> {
    let of = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
    };
    let name = of("event")?;
    let id = of("id").and_then(|id| id.parse().ok()).expect("an event has a number");
    let data = serde_json::from_str(&of("data").expect("an event has data")).expect("it is JSON");
    Some(Event { name, id, data })
}
