//! Who changed what, and who was refused: one line for each, target `proxyd::audit`.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::access::PeerKey;
use crate::limit::{Limiter, Rate};

/// The longest path, summary or method that is written.
const LONGEST: usize = 256;
/// How many refusals of one caller are written, or of one client that is no caller: nobody fills a disk by being refused.
const OF_ONE: Rate = Rate::new(60, Duration::from_secs(60));
/// How many of all clients together that are no callers: they may come from many addresses.
const OF_STRANGERS: Rate = Rate::new(600, Duration::from_secs(60));
/// How many clients' refusals are counted apart.
const MAX_KEYS: usize = 1024;

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
    /// It did not get to a handler, for a reason of this code; and how many refusals were left out since the last that was
    /// written.
    Refused(StatusCode, &'static str, u64),
    /// A handler had it, and the connection ended before there was an answer. It may have been done all the same.
    CutOff,
}

impl Asked<'_> {
    /// Writes its line.
    pub(crate) fn write(&self, outcome: Outcome<'_>) {
        let (status, refusal, audited, sentence) = match outcome {
            Outcome::Answered(status, audited) => (Some(status), None, audited, "a write was answered"),
            Outcome::Refused(status, code, left_out) => {
                (Some(status), Some((code, left_out)), None, "a request was refused")
            }
            Outcome::CutOff => (None, None, None, "a write was cut off before its answer"),
        };
        let left_out = refusal.map(|(_, left_out)| left_out).filter(|count| *count > 0);
        tracing::info!(
            target: "proxyd::audit",
            actor = %shown(self.actor.unwrap_or("-")),
            address = %self.address,
            method = %shown(self.method),
            path = %shown(self.path),
            status = status.map(|status| status.as_u16()),
            refusal = refusal.map(|(code, _)| code),
            left_out,
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

/// Which refusals are written. Those that are not are counted, and their count is written with the next one that is.
///
/// Callers that are known have room of their own, by their names: strangers cannot have their refusals left out.
#[derive(Debug)]
pub(crate) struct Refusals(Mutex<Written>);

#[derive(Debug)]
struct Written {
    callers: Limiter<String>,
    clients: Limiter<PeerKey>,
    strangers: Limiter<()>,
    left_out: u64,
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Written {
            callers: Limiter::new(OF_ONE, MAX_KEYS),
            clients: Limiter::new(OF_ONE, MAX_KEYS),
            strangers: Limiter::new(OF_STRANGERS, 1),
            left_out: 0,
        }))
    }

    /// Writes that this client was refused, unless it has filled enough lines.
    pub(crate) fn write(&self, by: PeerKey, asked: &Asked<'_>, (status, code): (StatusCode, &'static str)) {
        let left_out = {
            let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !written.has_room(by, asked.actor) {
                written.left_out = written.left_out.saturating_add(1);
                return;
            }
            std::mem::take(&mut written.left_out)
        };
        asked.write(Outcome::Refused(status, code, left_out));
    }
}

impl Written {
    /// Whether one more of them is written.
    fn has_room(&mut self, by: PeerKey, caller: Option<&str>) -> bool {
        let now = Instant::now().into_std();
        match caller {
            Some(name) => self.callers.take(name.to_owned(), now).is_ok(),
            None => self.clients.take(by, now).is_ok() && self.strangers.take((), now).is_ok(),
        }
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
