//! Events of the process, and of those who decide what is served. Revisions, reloads and certificates are told of by the
//! control plane; here is how they are made.

use std::fmt;
use std::time::SystemTime;

use super::value::{facts, words};

/// A worker has died, and another one takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerReplaced {
    /// When its end was seen.
    pub at: SystemTime,
    /// The worker's number.
    pub worker: u64,
    /// How it ended.
    pub outcome: String,
}

/// The system has no means for another connection: no descriptors, or no memory. Told once for each time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerExhausted {
    /// When that was seen.
    pub at: SystemTime,
    /// The port that is listened at; 0 for a Unix socket.
    pub port: u16,
    /// What the system says.
    pub error: String,
}

/// Something became of a revision of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevisionTurned {
    /// When it did.
    pub at: SystemTime,
    /// What became of it.
    pub turn: RevisionTurn,
    /// Its number; of a change that was refused, none.
    pub number: Option<u64>,
    /// Who has done it.
    pub by: String,
    /// What it is, in a few words without secrets.
    pub summary: String,
}

/// What may become of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevisionTurn {
    /// It is served.
    Applied,
    /// It stays.
    Confirmed,
    /// It was taken back, as it was not confirmed in time or did harm.
    Reverted,
    /// It never became one.
    Refused,
}

/// The file could not be taken in: what was served before is served on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReloadFailed {
    /// When it was tried.
    pub at: SystemTime,
    /// The file.
    pub path: String,
    /// How many problems it has.
    pub problems: u64,
    /// What is wrong, without secrets: the first of them.
    pub error: String,
}

/// A certificate is served from now on, in place of a former one of the same id where there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateReplaced {
    /// When it was.
    pub at: SystemTime,
    /// Its id.
    pub id: String,
    /// The names that it is served for.
    pub names: Vec<String>,
    /// When it ceases to be valid.
    pub not_after: SystemTime,
    /// The SHA-256 of the certificate, in lower-case hexadecimal.
    pub fingerprint: String,
}

/// A certificate ends soon, or has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateExpiring {
    /// When that was seen.
    pub at: SystemTime,
    /// Its id.
    pub id: String,
    /// The names that it is served for.
    pub names: Vec<String>,
    /// When it ceases to be valid.
    pub not_after: SystemTime,
    /// It has ended: clients refuse it.
    pub has_expired: bool,
}

/// A certificate could not be read or had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFailed {
    /// When it failed.
    pub at: SystemTime,
    /// Its id.
    pub id: String,
    /// Why, without secrets.
    pub error: String,
    /// A former one is served all the same.
    pub is_served: bool,
}

impl WorkerReplaced {
    pub(crate) fn new(worker: usize, outcome: &str) -> Self {
        Self { at: SystemTime::now(), worker: worker as u64, outcome: outcome.to_owned() }
    }
}

impl ListenerExhausted {
    pub(crate) fn new(port: u16, error: &std::io::Error) -> Self {
        Self { at: SystemTime::now(), port, error: error.to_string() }
    }
}

impl RevisionTurned {
    /// This became of that revision just now, on whose behalf, and what it is in a few words.
    pub fn new(
        turn: RevisionTurn,
        number: Option<u64>,
        by: impl Into<String>,
        summary: impl Into<String>,
    ) -> Self {
        Self { at: SystemTime::now(), turn, number, by: by.into(), summary: summary.into() }
    }
}

impl ReloadFailed {
    /// This file has so many problems, just now; the first of them is this.
    pub fn new(path: impl Into<String>, problems: u64, error: impl Into<String>) -> Self {
        Self { at: SystemTime::now(), path: path.into(), problems, error: error.into() }
    }
}

impl CertificateReplaced {
    /// A certificate of this id is served from now on.
    pub fn new(
        id: impl Into<String>,
        names: Vec<String>,
        not_after: SystemTime,
        fingerprint: impl Into<String>,
    ) -> Self {
        Self { at: SystemTime::now(), id: id.into(), names, not_after, fingerprint: fingerprint.into() }
    }
}

impl CertificateExpiring {
    /// The certificate of this id ends soon, or `has_expired`.
    pub fn new(id: impl Into<String>, names: Vec<String>, not_after: SystemTime, has_expired: bool) -> Self {
        Self { at: SystemTime::now(), id: id.into(), names, not_after, has_expired }
    }
}

impl CertificateFailed {
    /// The certificate of this id could not be read or had; a former one `is_served`, or none is.
    pub fn new(id: impl Into<String>, error: impl Into<String>, is_served: bool) -> Self {
        Self { at: SystemTime::now(), id: id.into(), error: error.into(), is_served }
    }
}

impl fmt::Display for RevisionTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Applied => "applied",
            Self::Confirmed => "confirmed",
            Self::Reverted => "reverted",
            Self::Refused => "refused",
        })
    }
}

words!(RevisionTurn);
facts!(WorkerReplaced { "worker" => worker, "outcome" => outcome });
facts!(ListenerExhausted { "port" => port, "error" => error });
facts!(RevisionTurned { "turn" => turn, "revision" => number, "by" => by, "summary" => summary });
facts!(ReloadFailed { "path" => path, "problems" => problems, "error" => error });
facts!(CertificateReplaced {
    "id" => id,
    "names" => names,
    "notAfter" => not_after,
    "fingerprint" => fingerprint,
});
facts!(CertificateExpiring {
    "id" => id,
    "names" => names,
    "notAfter" => not_after,
    "hasExpired" => has_expired,
});
facts!(CertificateFailed { "id" => id, "error" => error, "isServed" => is_served });
