//! Waiting for a due time, more finely than the runtime's own timers.

use std::time::Instant;

use anyhow::{Context, Result};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::bench::timer::Timer;

/// A timer for one stream at a time.
#[derive(Debug)]
pub(super) struct Alarm(AsyncFd<Timer>);

impl Alarm {
    /// Must be called within a runtime.
    #[expect(
        deprecated,
        reason = "its successor is unsafe, as a type may lie about its descriptor, which `Timer` does not"
    )]
    pub(super) fn new() -> Result<Self> {
        let timer = AsyncFd::with_interest(Timer::new()?, Interest::READABLE);
        timer.map(Self).context("cannot wait for a timer")
    }

    /// Returns at `due`, or at once when that is past.
    pub(super) async fn wait_until(&self, due: Instant) -> Result<()> {
        let wait = due.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            return Ok(());
        }
        self.0.get_ref().set(wait)?;
        let mut ready = self.0.readable().await.context("cannot wait for a timer")?;
        ready.clear_ready();
        Ok(())
    }
}
