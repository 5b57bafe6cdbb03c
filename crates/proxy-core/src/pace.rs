//! Whether a client takes or gives a body fast enough. Pure: the time is an argument.

use crate::deadline::Ticks;

/// How long a client may be waited for before its rate is judged.
const GRACE: u32 = Ticks::seconds(5);

/// How much a client moved in the time for which it was waited.
///
/// Only waits for the client count: what a backend takes its time for is not the client's fault.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    waiting_since: Option<u32>,
    waited: u32,
    seen: u64,
}

impl Pace {
    /// The client is waited for, from `now` in ticks.
    pub(crate) const fn wait(&mut self, now: u32) {
        if self.waiting_since.is_none() {
            self.waiting_since = Some(now);
        }
    }

    /// Somebody else is waited for, from `now` on.
    pub(crate) const fn rest(&mut self, now: u32) {
        if let Some(since) = self.waiting_since.take() {
            self.waited = self.waited.saturating_add(now.saturating_sub(since));
        }
    }

    /// The client has moved `total` bytes by `now`, in ticks. False where that is less than `rate` bytes per
    /// second of the time that it was waited for.
    pub(crate) fn is_kept(&mut self, total: u64, rate: u32, now: u32) -> bool {
        self.rest(now);
        if self.waited < GRACE {
            return true;
        }
        let needed = u64::from(rate) * u64::from(self.waited) / u64::from(Ticks::seconds(1));
        let moved = total.saturating_sub(self.seen);
        self.seen = total;
        self.waited = 0;
        moved >= needed
    }
}

#[cfg(test)]
mod tests;
