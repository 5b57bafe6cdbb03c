//! On whose behalf a change is made, and under which reservation.

use std::time::Duration;

/// On whose behalf a change is made, and under which reservation.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct How {
    /// Who wants it: the name of a token or of a client's certificate, a user, `file`; at most 256 bytes are kept.
    pub by: String,
    /// It is taken back unless somebody confirms it within this time.
    pub confirm: Option<Duration>,
    /// It is taken back if the routes concerned fare worse than this.
    pub revert_on: Option<RevertOn>,
}

impl How {
    /// On somebody's behalf, for good.
    pub fn by(who: impl Into<String>) -> Self {
        Self { by: who.into(), ..Self::default() }
    }
}

/// When a change is taken back by itself: the routes concerned fare worse than before by more than this. They are watched for
/// [`RevertOn::watch`]; nothing is decided on fewer than [`RevertOn::least`] requests.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RevertOn {
    /// The share of failed requests has risen by so many percentage points.
    pub errors: Option<f64>,
    /// The 99th percentile of the latency is so many times what it was.
    pub p99: Option<f64>,
    /// For how long they are watched.
    pub watch: Duration,
    /// So many requests must have ended since the change.
    pub least: u64,
}

impl Default for RevertOn {
    fn default() -> Self {
        Self { errors: None, p99: None, watch: Duration::from_secs(60), least: 20 }
    }
}
