//! How the certificates are.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;

use super::shared::Shared;

/// Tells how the certificates are. Cheap to clone.
#[derive(Clone)]
pub struct Status {
    shared: Arc<Shared>,
    changes: watch::Receiver<()>,
}

impl Status {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let changes = shared.watch();
        Self { shared, changes }
    }

    /// How the certificates of all names are, in the order of the names.
    pub fn list(&self) -> Vec<DomainStatus> {
        self.shared.roster().status()
    }

    /// Whether certificates are ordered here; otherwise another instance does, whose certificates are served.
    pub fn is_issuing(&self) -> bool {
        self.shared.roster().is_issuing()
    }

    /// Ready once anything has changed since the last time, or since this was made.
    ///
    /// # Cancel safety
    /// Nothing is missed.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // Whoever makes changes lives as long as this.
            std::future::pending::<()>().await;
        }
    }
}

/// How the certificate of one name is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DomainStatus {
    /// The name.
    pub domain: String,
    /// When what is served ceases to be valid; `None` where nothing is.
    pub not_after: Option<SystemTime>,
    /// What is going on.
    pub state: DomainState,
    /// Why the last order came to nothing; `None` where it came to something.
    pub last_error: Option<LastError>,
    /// When one is ordered next; `None` where one is under way, where another instance orders, and for names that only a
    /// client's wish has ordered.
    pub next_attempt: Option<SystemTime>,
}

/// What is going on with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DomainState {
    /// There is no certificate, and none was ordered yet.
    Awaited,
    /// One is being ordered; a former one is served meanwhile.
    Ordered,
    /// There is one, and all is well.
    Issued,
    /// The last order came to nothing; a former certificate is served meanwhile.
    Failed,
}

/// Why an order came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastError {
    /// The type of the problem that the authority told (RFC 8555 section 6.7); `None` where it told none.
    pub problem: Option<String>,
    /// What is wrong, in words.
    pub detail: String,
    /// When that was.
    pub at: SystemTime,
}

impl fmt::Display for DomainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Awaited => "awaited",
            Self::Ordered => "ordered",
            Self::Issued => "issued",
            Self::Failed => "failed",
        })
    }
}
