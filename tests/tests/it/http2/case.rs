//! A case of conformance: what is sent, and what must come.

use std::time::Instant;

use harness::frames::{Event, Fields, Frame, Http2, bytes_of, flag};
use harness::{PATIENCE, Socket};

/// What a client does on a connection of its own.
pub(crate) struct Case {
    /// The clause of RFC 9113 and what is done.
    name: &'static str,
    has_preface: bool,
    steps: Vec<Step>,
}

enum Step {
    Send(Vec<u8>),
    /// Sends what depends upon what the proxy has set.
    SendFor(fn(&Http2) -> Vec<Frame>),
    See(Want),
}

/// What must come; other frames may come before it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Want {
    /// The head of a response with 200 on stream 1.
    Answer,
    /// The end of the response on stream 1.
    EndOfAnswer,
    /// DATA with so many bytes.
    Data(usize),
    /// A stream error: RST_STREAM or GOAWAY with one of these codes, or the end of the connection.
    StreamError(&'static [u32]),
    /// A connection error: GOAWAY with one of these codes, or the end of the connection.
    ConnectionError(&'static [u32]),
    /// RST_STREAM of stream 1 with this code, and nothing else.
    Reset(u32),
    /// GOAWAY with this code, and nothing else.
    GoAway(u32),
    /// The end of the connection.
    End,
    /// SETTINGS as the first frame of all.
    SettingsFirst,
    /// The answer to SETTINGS.
    SettingsAck,
    /// The answer to PING.
    Pong([u8; 8]),
    /// The answer to PING, or the end of the connection.
    PongOrEnd([u8; 8]),
}

/// Any eight bytes.
pub(crate) const PING: [u8; 8] = *b"h2-frame";

impl Case {
    /// A case that begins when both sides have taken each other's settings.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, has_preface: true, steps: Vec::new() }
    }

    /// A case that begins with nothing.
    pub(crate) fn bare(name: &'static str) -> Self {
        Self { has_preface: false, ..Self::new(name) }
    }

    pub(crate) fn send(self, frames: &[Frame]) -> Self {
        self.send_bytes(bytes_of(frames))
    }

    pub(crate) fn send_bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Send(bytes.as_ref().to_vec()));
        self
    }

    pub(crate) fn send_for(mut self, frames: fn(&Http2) -> Vec<Frame>) -> Self {
        self.steps.push(Step::SendFor(frames));
        self
    }

    pub(crate) fn see(mut self, want: Want) -> Self {
        self.steps.push(Step::See(want));
        self
    }

    fn run(&self, address: &Socket) -> Result<(), String> {
        let mut client = Http2::silent(address);
        client.replenishes = false;
        if self.has_preface {
            client.shake_hands(&[]).map_err(|event| format!("{event:?} for the preface"))?;
        }
        for step in &self.steps {
            // Where the proxy has closed already, what comes says whether it should have.
            match step {
                Step::Send(bytes) => drop(client.connection.try_send(bytes)),
                Step::SendFor(frames) => {
                    let bytes = bytes_of(&frames(&client));
                    drop(client.connection.try_send(bytes));
                }
                Step::See(want) => want.see(&mut client)?,
            }
        }
        Ok(())
    }
}

impl Want {
    fn see(self, client: &mut Http2) -> Result<(), String> {
        let ends = Instant::now() + PATIENCE;
        let mut others = Vec::new();
        loop {
            let event = client.read();
            if self.is(&event) {
                return Ok(());
            }
            let is_hopeless = event.is_last() || self.is_against(&event) || Instant::now() > ends;
            others.push(event);
            if is_hopeless {
                return Err(format!("{self:?} should have come, and there came {others:?}"));
            }
        }
    }

    fn is(self, event: &Event) -> bool {
        match (self, event) {
            (Self::Answer, Event::Headers { stream: 1, fields, .. }) => fields.status() == Some(200),
            (
                Self::EndOfAnswer,
                Event::Headers { stream: 1, has_ended, .. } | Event::Data { stream: 1, has_ended, .. },
            ) => *has_ended,
            (Self::Data(count), Event::Data { bytes, .. }) => bytes.len() == count,
            (Self::StreamError(codes), Event::Reset { code, .. } | Event::GoAway { code, .. })
            | (Self::ConnectionError(codes), Event::GoAway { code, .. }) => codes.contains(code),
            (Self::Reset(wanted), Event::Reset { stream: 1, code }) => *code == wanted,
            (Self::GoAway(wanted), Event::GoAway { code, .. }) => *code == wanted,
            (
                Self::StreamError(_) | Self::ConnectionError(_) | Self::End | Self::PongOrEnd(_),
                Event::End(_),
            ) => true,
            (Self::SettingsFirst, Event::Settings(_)) | (Self::SettingsAck, Event::SettingsAck) => true,
            (Self::Pong(wanted) | Self::PongOrEnd(wanted), Event::Pong(bytes)) => *bytes == wanted,
            _ => false,
        }
    }

    /// Whether this must not come before what is wanted.
    fn is_against(self, event: &Event) -> bool {
        match self {
            Self::Data(_) => matches!(event, Event::Data { .. }),
            Self::SettingsFirst => true,
            _ => false,
        }
    }
}

/// Runs each case, and reports all that fail.
#[track_caller]
pub(crate) fn check(address: &Socket, cases: &[Case]) {
    let failed: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| (case, scope.spawn(|| case.run(address)))).collect();
        let ended = running.into_iter().map(|(case, running)| {
            let ended = running.join().unwrap_or_else(|_| Err("a panic".into()));
            ended.err().map(|failure| format!("{}: {failure}", case.name))
        });
        ended.flatten().collect()
    });
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// A GET without a body on a stream.
pub(crate) fn get(stream: u32) -> Frame {
    Frame::headers(stream, &Fields::request("GET", "/")).end()
}

/// The head of a POST, after which its body comes, on a stream.
pub(crate) fn post(stream: u32) -> Frame {
    Frame::headers(stream, &Fields::request("POST", "/"))
}

/// A field block that a field block may go on with.
pub(crate) fn more() -> Vec<u8> {
    Fields::new().and("x-more", "more").block()
}

/// The head of a request as it is, without a body, on stream 1.
pub(crate) fn head(fields: &Fields) -> Frame {
    Frame::headers(1, fields).end()
}

/// A GET whose field block goes on with these bytes, on stream 1.
pub(crate) fn get_and(rest: &[u8]) -> Frame {
    Frame::block(1, [&Fields::request("GET", "/").block(), rest].concat()).with(flag::END_STREAM)
}
