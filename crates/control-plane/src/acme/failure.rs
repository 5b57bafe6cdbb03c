//! Why there is no certificate.

use std::error::Error as _;
use std::fmt;
use std::time::{Instant, SystemTime};

use instant_acme::{Error, Problem};

use super::wire::Note;

/// More of what an authority says is not told, in characters.
const LONGEST_DETAIL: usize = 1_000;

/// Why there is no certificate, and whose concern that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) concerns: Concern,
    /// The type of the problem that the authority told: RFC 8555 section 6.7.
    pub(super) problem: Option<String>,
    pub(super) detail: String,
    /// The authority wants no order for that name before.
    pub(super) not_before: Option<SystemTime>,
}

/// What a failure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concern {
    /// Control of the name was not shown by this challenge; another may do.
    Challenge,
    /// This name alone.
    Name,
    /// This name, and perhaps all others: we ask too often.
    Rate,
    /// All names: the authority cannot be reached, or does not deal with us.
    Authority,
    /// The authority does not know the account.
    Account,
}

/// RFC 8555 section 6.7.
pub(super) mod kind {
    pub(crate) const UNKNOWN_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
    pub(crate) const BAD_NONCE: &str = "urn:ietf:params:acme:error:badNonce";
    pub(crate) const RATE_LIMITED: &str = "urn:ietf:params:acme:error:rateLimited";
    pub(crate) const INTERNAL: &str = "urn:ietf:params:acme:error:serverInternal";
    pub(crate) const ACTION_REQUIRED: &str = "urn:ietf:params:acme:error:userActionRequired";
}

impl Failure {
    /// One that this crate finds itself.
    pub(super) fn new(concerns: Concern, detail: impl fmt::Display) -> Self {
        Self { concerns, problem: None, detail: detail.to_string(), not_before: None }
    }

    /// What the library says, with what was noted of the authority's last answer.
    pub(super) fn of(error: &Error, note: &Note, now: SystemTime) -> Self {
        let last = note.last();
        let failure = match error {
            Error::Api(problem) => Self::told(problem),
            Error::Timeout(next) => {
                let waits = next.map(|next| next.saturating_duration_since(Instant::now()));
                let not_before = waits.and_then(|waits| now.checked_add(waits));
                Self { not_before, ..Self::new(Concern::Name, "the authority takes too long over the order") }
            }
            Error::Json(_) if last.is_error() => {
                Self::new(Concern::Authority, format!("the authority answers with status {}", last.status))
            }
            other => Self::new(Concern::Authority, chain(other)),
        };
        let concerns = if last.is_fault() { Concern::Authority } else { failure.concerns };
        Self { concerns, not_before: failure.not_before.or(last.retry_after), ..failure }
    }

    /// What the authority says itself.
    pub(super) fn told(problem: &Problem) -> Self {
        let concerns = match problem.r#type.as_deref() {
            Some(kind::UNKNOWN_ACCOUNT) => Concern::Account,
            Some(kind::RATE_LIMITED) => Concern::Rate,
            Some(kind::BAD_NONCE | kind::INTERNAL | kind::ACTION_REQUIRED) => Concern::Authority,
            _ => Concern::Name,
        };
        let mut detail = problem.detail.clone().unwrap_or_default();
        for part in &problem.subproblems {
            detail.push_str("; ");
            detail.push_str(&part.to_string());
        }
        let problem = problem.r#type.as_deref().map(tame);
        Self { concerns, problem, detail: tame(&detail), not_before: None }
    }

    /// The same, being about something else.
    pub(super) fn concerning(self, concerns: Concern) -> Self {
        Self { concerns, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Some(problem) => write!(f, "{} ({problem})", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

/// What an authority says, fit for a log: on one line, and not without an end.
fn tame(text: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().map(plain).take(LONGEST_DETAIL).collect()
}

/// An error with all that it comes from.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
