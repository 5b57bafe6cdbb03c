//! The time of day.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

/// What waiting is.
pub(super) type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time.
pub(super) trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> SystemTime;

    /// Ready at that time, or earlier: whoever waits looks again.
    fn wait_until(&self, time: SystemTime) -> Waiting<'_>;
}

/// The system's.
pub(super) struct SystemClock;

/// A clock that is set, or a machine that slept, is noticed after that time.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn wait_until(&self, time: SystemTime) -> Waiting<'_> {
        let left = time.duration_since(self.now()).unwrap_or_default();
        Box::pin(tokio::time::sleep(left.min(LONGEST_WAIT)))
    }
}
