//! Revisions as they are told.

use std::time::SystemTime;

use config::{Key, Problem};

use super::Owner;

/// One accepted change.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Revision {
    /// Its number: higher than that of every revision before it, and never used again.
    pub number: u64,
    /// When it was accepted.
    pub at: SystemTime,
    /// On whose behalf.
    pub by: String,
    /// How it came about.
    pub what: What,
    /// The changes of objects.
    pub changes: Vec<Difference>,
    /// Until when it waits for its confirmation; `None` where it does not.
    pub pending_until: Option<SystemTime>,
}

impl Revision {
    /// What it changed, in a few words: `+routes/a ~upstreams/b -routes/c and 7 more`.
    pub fn summary(&self) -> String {
        const MOST: usize = 8;
        let mark = |difference: &Difference| match difference.kind {
            DifferenceKind::Added => format!("+{}", difference.key),
            DifferenceKind::Changed => format!("~{}", difference.key),
            DifferenceKind::Removed => format!("-{}", difference.key),
        };
        let mut summary = self.changes.iter().take(MOST).map(mark).collect::<Vec<_>>().join(" ");
        if self.changes.len() > MOST {
            summary.push_str(&format!(" and {} more", self.changes.len() - MOST));
        }
        summary
    }
}

/// How a revision came about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The process began.
    Start,
    /// Somebody wrote through the API.
    Write,
    /// The file was read again.
    File,
    /// Somebody went back to a former one.
    RolledBack {
        /// The revision whose document is served again.
        to: u64,
    },
    /// One that was not confirmed, or did badly, was taken back.
    Reverted {
        /// The revision that was taken back.
        revision: u64,
        /// Why, in a few words.
        why: String,
    },
}

impl What {
    /// The kind in one word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Write => "write",
            Self::File => "file",
            Self::RolledBack { .. } => "rollback",
            Self::Reverted { .. } => "revert",
        }
    }
}

/// What became of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The object.
    pub key: Key,
    /// What became of it.
    pub kind: DifferenceKind,
    /// Whose it is, or was.
    pub owner: Owner,
    /// Where it differs, RFC 6901, the outermost that tell it; for an upstream's and a route's backends, these are by id:
    /// `/backends/node-1`. None of an object that says what it did, and was moved or has another owner now.
    pub fields: Vec<String>,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// It is new.
    Added,
    /// It says something else.
    Changed,
    /// It is gone.
    Removed,
}

impl DifferenceKind {
    /// The kind in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// What a change would do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// The revision that it was planned against.
    pub revision: u64,
    /// The changes of the document that is served.
    pub changes: Vec<Difference>,
    /// What is under way over what changes or goes.
    pub live: Live,
    /// What is allowed but can hardly be meant, and what stays though it is not named.
    pub warnings: Vec<Problem>,
}

/// What is under way over the routes and backends that a change is about. It goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Live {
    /// Requests in flight on routes that change.
    pub requests_of_changed: u64,
    /// Requests in flight on routes that go: they end as they were.
    pub requests_of_removed: u64,
    /// Requests in flight on backends that go: they end there.
    pub requests_of_backends: u64,
    /// Clients' connections in all: they stay.
    pub connections: u64,
}

/// What a change has done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Applied {
    /// The revision that it became; the one that was served before where nothing changed.
    pub revision: u64,
    /// Whether anything changed.
    pub is_changed: bool,
    /// The changes of the document that is served.
    pub changes: Vec<Difference>,
    /// Until when it waits for its confirmation; `None` where it does not.
    pub pending_until: Option<SystemTime>,
    /// What is allowed but can hardly be meant.
    pub warnings: Vec<Problem>,
}
