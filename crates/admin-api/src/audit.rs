//! Who changed what, and who was refused: one line for each, target `proxyd::audit`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use http::StatusCode;

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

/// One line. It has no query, no body and no credentials, whatever they are.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The caller's name; none where it is not known.
    pub(crate) actor: Option<&'a str>,
    pub(crate) address: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: StatusCode,
    /// The code of a refusal.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) request_id: &'a str,
    pub(crate) took: Duration,
    pub(crate) audited: Option<&'a Audited>,
}

impl Entry<'_> {
    pub(crate) fn write(&self) {
        tracing::info!(
            target: "proxyd::audit",
            actor = %shown(self.actor.unwrap_or("-")),
            address = %self.address,
            method = %shown(self.method),
            path = %shown(self.path),
            status = self.status.as_u16(),
            refusal = self.refusal,
            request_id = %self.request_id,
            took_ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            revision = self.audited.map(|audited| audited.revision),
            summary = self.audited.map(|audited| tracing::field::display(shown(&audited.summary))),
            "{}",
            if self.refusal.is_some() { "a request was refused" } else { "a write was answered" },
        );
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
