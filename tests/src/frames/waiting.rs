//! Waits for one thing, and reads past others.

use std::time::Instant;

use crate::PATIENCE;
use crate::frames::{Event, Frame, Http2, Received};

impl Http2 {
    /// Reads until something comes that is wanted.
    ///
    /// # Errors
    /// It does not come; all that came instead.
    pub fn until(&mut self, mut is_wanted: impl FnMut(&Event) -> bool) -> Result<Event, Vec<Event>> {
        let ends = Instant::now() + PATIENCE;
        let mut others = Vec::new();
        loop {
            let event = self.read();
            if is_wanted(&event) {
                return Ok(event);
            }
            let is_last = event.is_last();
            others.push(event);
            if is_last || Instant::now() > ends {
                return Err(others);
            }
        }
    }

    /// Reads until nothing more will come on a stream: its END_STREAM or its RST_STREAM has come.
    ///
    /// # Errors
    /// Neither comes; all that came instead.
    pub fn try_response(&mut self, stream: u32) -> Result<Received, Vec<Event>> {
        if !self.received(stream).is_over() {
            self.until(|event| match event {
                Event::Headers { stream: other, has_ended, .. }
                | Event::Data { stream: other, has_ended, .. } => *other == stream && *has_ended,
                Event::Reset { stream: other, .. } => *other == stream,
                _ => false,
            })?;
        }
        Ok(self.received(stream))
    }

    /// The whole response on a stream.
    ///
    /// # Panics
    /// It does not come whole.
    #[track_caller]
    pub fn response(&mut self, stream: u32) -> Received {
        match self.try_response(stream) {
            Ok(received) if received.has_ended => received,
            other => panic!("no whole response on stream {stream}: {other:?}"),
        }
    }

    /// Waits for the head on a stream.
    ///
    /// # Panics
    /// It does not come.
    #[track_caller]
    pub fn head(&mut self, stream: u32) -> Received {
        while self.received(stream).head.is_empty() {
            let came =
                self.until(|event| matches!(event, Event::Headers { stream: other, .. } if *other == stream));
            came.unwrap_or_else(|others| panic!("no head on stream {stream}: {others:?}"));
        }
        self.received(stream)
    }

    /// Waits until so many bytes of the body have come on a stream.
    ///
    /// # Panics
    /// They do not come.
    #[track_caller]
    pub fn body(&mut self, stream: u32, count: usize) -> Received {
        while self.received(stream).body.len() < count {
            let came =
                self.until(|event| matches!(event, Event::Data { stream: other, .. } if *other == stream));
            came.unwrap_or_else(|others| panic!("no such body on stream {stream}: {others:?}"));
        }
        self.received(stream)
    }

    /// Waits for RST_STREAM on a stream; its code.
    ///
    /// # Panics
    /// It does not come.
    #[track_caller]
    pub fn reset(&mut self, stream: u32) -> u32 {
        if self.received(stream).reset.is_none() {
            let came =
                self.until(|event| matches!(event, Event::Reset { stream: other, .. } if *other == stream));
            came.unwrap_or_else(|others| panic!("no RST_STREAM on stream {stream}: {others:?}"));
        }
        self.received(stream).reset.unwrap_or_default()
    }

    /// Waits for GOAWAY; its last stream and its code.
    ///
    /// # Panics
    /// It does not come.
    #[track_caller]
    pub fn goaway(&mut self) -> (u32, u32) {
        match self.until(|event| matches!(event, Event::GoAway { .. })) {
            Ok(Event::GoAway { last, code }) => (last, code),
            other => panic!("no GOAWAY: {other:?}"),
        }
    }

    /// Asks for a sign of life and waits for it: all frames that were sent before have been taken.
    ///
    /// # Panics
    /// It does not come.
    #[track_caller]
    pub fn settle(&mut self) {
        let bytes = *b"settled?";
        self.send(&Frame::ping(bytes));
        let came = self.until(|event| *event == Event::Pong(bytes));
        came.unwrap_or_else(|others| panic!("no answer to PING: {others:?}"));
    }
}
