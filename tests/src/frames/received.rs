//! What has come on a stream.

use crate::frames::{Event, Fields};
use crate::latin1;

/// What has come on a stream so far: a request or a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Heads of interim responses.
    pub interim: Vec<Fields>,
    /// The head; empty before it has come.
    pub head: Fields,
    /// The body.
    pub body: Vec<u8>,
    /// The fields behind the body.
    pub trailers: Fields,
    /// Whether END_STREAM has come.
    pub has_ended: bool,
    /// Whether END_STREAM came with the head.
    pub ends_with_head: bool,
    /// The code of RST_STREAM, once that has come.
    pub reset: Option<u32>,
}

impl Received {
    /// Adds what has come.
    pub(crate) fn add(&mut self, event: &Event) {
        match event {
            Event::Headers { fields, has_ended, .. } => self.add_fields(fields, *has_ended),
            Event::Data { bytes, has_ended, .. } => {
                self.body.extend_from_slice(bytes);
                self.has_ended |= has_ended;
            }
            Event::Reset { code, .. } => self.reset = Some(*code),
            _ => {}
        }
    }

    fn add_fields(&mut self, fields: &Fields, has_ended: bool) {
        self.has_ended |= has_ended;
        if !self.head.is_empty() {
            self.trailers = fields.clone();
        } else if fields.status().is_some_and(|status| status < 200) {
            self.interim.push(fields.clone());
        } else {
            self.head = fields.clone();
            self.ends_with_head = has_ended;
        }
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        self.has_ended || self.reset.is_some()
    }

    /// The status of a response.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn status(&self) -> u16 {
        self.head.status().unwrap_or_else(|| panic!("no status in {self:?}"))
    }

    /// The value of the first field of that name in the head.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        latin1(&self.body)
    }
}
