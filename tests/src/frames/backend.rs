//! A backend that speaks HTTP/2 and does what a test tells it.

use std::sync::{Arc, Condvar, Mutex};

use crate::frames::{Event, Fields, Frame, Http2, Received};
use crate::locked::{lock, wait_until};
use crate::{Backend, Session, Socket};

/// A backend that takes HTTP/2 by prior knowledge. It ends when it is dropped.
pub struct Http2Backend {
    backend: Backend,
    notes: Arc<Http2Notes>,
}

/// What has come to a backend over HTTP/2.
#[derive(Default)]
pub struct Http2Notes {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    requests: Vec<Received>,
    /// What began otherwise than HTTP/2 does.
    strange: Vec<String>,
}

/// What a connection of such a backend is served with.
pub struct Http2Session<'s> {
    /// The connection, on which each side has taken the other's settings.
    pub http2: Http2,
    /// Which connection of the backend this is; the first is 0.
    pub number: usize,
    session: &'s mut Session,
    notes: &'s Http2Notes,
    /// Up to which stream requests have been handed out.
    served: u32,
}

impl Http2Backend {
    /// A backend on a free port of `127.0.0.1`, each of whose connections is served by `script` and closed behind it.
    pub fn start(script: impl Fn(&mut Http2Session<'_>) + Send + Sync + 'static) -> Self {
        Self::with(&[], script)
    }

    /// The same with settings of its own.
    pub fn with(
        settings: &[(u16, u32)],
        script: impl Fn(&mut Http2Session<'_>) + Send + Sync + 'static,
    ) -> Self {
        let notes = Arc::new(Http2Notes::default());
        let (settings, noting) = (settings.to_vec(), Arc::clone(&notes));
        let backend = Backend::start(move |session| noting.serve(session, &settings, &script));
        Self { backend, notes }
    }

    /// A backend that answers each request with 200 and this body.
    pub fn saying(body: &str) -> Self {
        let body = body.to_owned();
        Self::start(move |session| session.answer_all(&body))
    }

    /// Where it listens.
    pub const fn address(&self) -> &Socket {
        self.backend.address()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.backend.connections()
    }

    /// Waits until so many connections have ended.
    ///
    /// # Panics
    /// They do not end.
    #[track_caller]
    pub fn wait_for_ends(&self, count: usize) {
        self.backend.wait_for_ends(count);
    }

    /// The requests that the script has read so far.
    ///
    /// # Panics
    /// A connection began otherwise than HTTP/2 does.
    #[track_caller]
    pub fn requests(&self) -> Vec<Received> {
        self.notes.requests()
    }

    /// Waits until the script has read so many requests.
    ///
    /// # Panics
    /// They do not come.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        self.notes.wait_for(count)
    }
}

impl Http2Notes {
    /// Serves a connection on which nothing has been said yet.
    pub(crate) fn serve(
        &self,
        session: &mut Session,
        settings: &[(u16, u32)],
        script: impl Fn(&mut Http2Session<'_>),
    ) {
        match Http2::accept(session.connection.twin(), settings) {
            Ok(http2) => {
                let number = session.number;
                script(&mut Http2Session { http2, number, session, notes: self, served: 0 });
            }
            // A connection on which nothing was said is a probe.
            Err(strange) if strange.is_empty() => {}
            Err(strange) => lock(&self.seen).strange.push(strange),
        }
    }

    /// The requests that scripts have read so far.
    ///
    /// # Panics
    /// A connection began otherwise than HTTP/2 does.
    #[track_caller]
    pub fn requests(&self) -> Vec<Received> {
        let seen = lock(&self.seen);
        assert!(seen.strange.is_empty(), "this is not HTTP/2: {:?}", seen.strange);
        seen.requests.clone()
    }

    /// Waits until scripts have read so many requests.
    ///
    /// # Panics
    /// They do not come.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        let (seen, came) = wait_until(&self.seen, &self.changed, |seen| seen.requests.len() >= count);
        assert!(came, "not so many requests: {:#?}, {:?}", seen.requests, seen.strange);
        drop(seen);
        self.requests()
    }
}

impl Http2Session<'_> {
    /// Waits for the head of the next request, and notes what has come of it; its stream. `None` once the connection has
    /// ended.
    pub fn head(&mut self) -> Option<u32> {
        self.next_stream(|received| !received.head.is_empty())
    }

    /// Waits until the next request has come whole, and notes it; its stream. `None` once the connection has ended.
    pub fn request(&mut self) -> Option<u32> {
        self.next_stream(|received| received.has_ended)
    }

    fn next_stream(&mut self, has_come: impl Fn(&Received) -> bool) -> Option<u32> {
        loop {
            let mut later = self.http2.streams.range(self.served + 1..);
            if let Some((&stream, received)) = later.find(|(_, received)| has_come(received)) {
                let received = received.clone();
                self.served = stream;
                lock(&self.notes.seen).requests.push(received);
                self.notes.changed.notify_all();
                return Some(stream);
            }
            if self.http2.read().is_last() {
                return None;
            }
        }
    }

    /// Sends a frame to a proxy that may take no more.
    pub fn send(&mut self, frame: &Frame) {
        let _ = self.http2.try_send(frame);
    }

    /// Answers a request.
    pub fn answer(&mut self, stream: u32, status: u16, body: &str) {
        self.send(&Frame::headers(stream, &Fields::response(status)));
        self.send(&Frame::data(stream, body).end());
    }

    /// Answers each request with 200 and this body.
    pub fn answer_all(&mut self, body: &str) {
        while let Some(stream) = self.request() {
            self.answer(stream, 200, body);
        }
    }

    /// Waits until the proxy gives a stream up; the code. `None` once the connection has ended.
    pub fn reset(&mut self, stream: u32) -> Option<u32> {
        loop {
            if let Some(code) = self.http2.received(stream).reset {
                return Some(code);
            }
            if self.http2.read().is_last() {
                return None;
            }
        }
    }

    /// Waits until the proxy ends the connection.
    pub fn hold(&mut self) {
        while !matches!(self.http2.read(), Event::End(_) | Event::Silence) {}
    }

    /// Ends the connection by a reset of TCP.
    pub fn break_off(&mut self) {
        self.session.reset();
    }
}
