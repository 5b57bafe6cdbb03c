//! What reports of connects do to one backend.

use crate::{Backoff, Settings};

/// How many failed connects in a row kill a backend, and how it is probed then.
///
/// Kept with what is known of a backend; those of the latest failure count.
///
/// # Defaults
///
/// One failure, and the waits of [`Backoff`]: 1 s doubling to 60 s with jitter 0.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassiveSettings {
    /// Failed connects in a row, all of the last minute, that kill; 0 counts as 1, and more than 1,000 as
    /// 1,000. (nginx's `max_fails`, whose `fail_timeout` is that minute.)
    pub failures: u32,
    /// The waits before the probes of the dead backend.
    pub backoff: Backoff,
}

impl Default for PassiveSettings {
    fn default() -> Self {
        Self { failures: 1, backoff: Backoff::default() }
    }
}

impl From<&Settings> for PassiveSettings {
    /// The first failure kills, and probes wait as the monitor says.
    fn from(settings: &Settings) -> Self {
        Self { failures: 1, backoff: settings.backoff }
    }
}
