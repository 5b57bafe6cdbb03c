//! Who changed what, and who was refused: one line for each, target `proxyd::audit`.

#[cfg(test)]
mod tests;

use http::StatusCode;
use tokio::time::Instant;

/// The longest path, summary or method that is written.
const LONGEST: usize = 256;

/// What a handler tells the audit log of a change, among its response's extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audited {
    /// The revision that it made.
    pub revision: u64,
    /// What it was, in a few words without secrets.
    pub summary: String,
}

impl Audited {
    /// A revision and what it was, in a few words without secrets.
    pub fn new(revision: u64, summary: impl Into<String>) -> Self {
        Self { revision, summary: summary.into() }
    }
}

/// Who asked what. There is no query, no body and no credential in it, whatever they are.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The caller's name; none where it is not known.
    pub(crate) actor: Option<&'a str>,
    pub(crate) address: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) since: Instant,
}

/// What became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// A handler answered.
    Answered(StatusCode, Option<&'a Audited>),
    /// It did not get to a handler, for a reason of this code.
    Refused(StatusCode, &'static str),
    /// A handler had it, and the connection ended before there was an answer. It may have been done all the same.
    CutOff,
}

impl Asked<'_> {
    /// Writes its line.
    pub(crate) fn write(&self, outcome: Outcome<'_>) {
        let (status, refusal, audited, sentence) = match outcome {
            Outcome::Answered(status, audited) => (Some(status), None, audited, "a write was answered"),
            Outcome::Refused(status, code) => (Some(status), Some(code), None, "a request was refused"),
            Outcome::CutOff => (None, None, None, "a write was cut off before its answer"),
        };
        tracing::info!(
            target: "proxyd::audit",
            actor = %shown(self.actor.unwrap_or("-")),
            address = %self.address,
            method = %shown(self.method),
            path = %shown(self.path),
            status = status.map(|status| status.as_u16()),
            refusal,
            request_id = %self.request_id,
            took_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            revision = audited.map(|audited| audited.revision),
            summary = audited.map(|audited| tracing::field::display(shown(&audited.summary))),
            "{sentence}",
        );
    }

    /// Writes that a write was cut off, unless it is told before it is dropped that there is an answer.
    pub(crate) fn watch(&self) -> Watch<'_> {
        Watch { asked: self, is_answered: false }
    }
}

/// A write that a handler has.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    asked: &'a Asked<'a>,
    is_answered: bool,
}

impl Watch<'_> {
    pub(crate) fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.asked.write(Outcome::CutOff);
        }
    }
}

/// A text on one line, in visible characters, of bounded length.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if shown.len() >= LONGEST {
            shown.push_str("...");
            break;
        }
        match character {
            ' '..='~' if character != '\\' => shown.push(character),
            _ => shown.extend(character.escape_default()),
        }
    }
    shown
}
