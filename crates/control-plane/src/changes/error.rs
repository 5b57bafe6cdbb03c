//! Why a change is refused.

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use config::{Key, Problem};

/// Why a change is refused. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The document would be wrong.
    #[error("the document would be wrong: {} {}", faults.len(), if faults.len() == 1 { "error" } else { "errors" })]
    Invalid {
        /// Everything that is wrong.
        faults: Vec<Fault>,
    },
    /// What was to be true of an object is not.
    #[error("{key} is not as it was expected")]
    Condition {
        /// The object.
        key: Key,
        /// Its tag; `None` where it is not there.
        tag: Option<String>,
    },
    /// What was to be true of the whole document is not.
    #[error("the document is not as it was expected")]
    DocumentCondition {
        /// Its tag.
        tag: String,
    },
    /// There is no such object.
    #[error("there is no {}", key)]
    Missing {
        /// The object.
        key: Key,
    },
    /// There is such an object already.
    #[error("{key} exists")]
    Exists {
        /// The object that is in the way.
        key: Key,
    },
    /// The object is the file's, and can be removed there alone.
    #[error("{key} is the file's, and is removed there: {place}")]
    FileOwned {
        /// The object.
        key: Key,
        /// File and line.
        place: String,
    },
    /// A revision waits for its confirmation.
    #[error("revision {revision} waits for its confirmation")]
    Pending {
        /// The revision.
        revision: u64,
        /// When it is taken back otherwise.
        until: SystemTime,
    },
    /// No revision of this number waits for its confirmation.
    #[error("revision {revision} does not wait for its confirmation")]
    NotPending {
        /// The number.
        revision: u64,
    },
    /// No revision of this number is remembered.
    #[error("revision {revision} is not remembered")]
    UnknownRevision {
        /// The number.
        revision: u64,
    },
    /// What is asked for needs a new start of the process.
    #[error("{what} cannot change while the proxy runs")]
    NeedsRestart {
        /// What.
        what: String,
    },
    /// It cannot be kept.
    #[error("{} cannot be kept in {}", what, path.display())]
    Store {
        /// What.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Whether there is no room.
        is_full: bool,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process has the directory of the state.
    #[error("another process has {}", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// Our own fault.
    #[error("it cannot be served: {0}")]
    Internal(String),
}

/// One thing that is wrong with what somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The edit that it is about; `None` where it is about something else in the document.
    pub edit: Option<usize>,
    /// Where in the value of that edit, RFC 6901; empty for all of it, and where it is about something else.
    pub pointer: String,
    /// The problem in the document.
    pub problem: Problem,
}
