//! How many attempts may be made twice: a share of the requests, so that retries never become the load.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// What one retry costs.
const COST: u32 = 100;
/// What each request pays in: retries are at most a fifth of the requests.
const SHARE: u32 = 20;
/// At the start, and for upstreams with few requests, so many retries are allowed.
const FIRST: u32 = 3;
/// So many can be saved up.
const MOST: u32 = 100;

/// The retry budget of one upstream on one worker.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(FIRST * COST))
    }
}

impl Budget {
    /// A request pays in.
    #[inline]
    pub(crate) fn deposit(&self) {
        let held = self.0.load(Relaxed);
        if held < MOST * COST {
            // Two that write at once may lose a deposit, which errs on the side of fewer retries.
            self.0.store(held + SHARE, Relaxed);
        }
    }

    /// True where a retry may be made; it is paid for then.
    pub(crate) fn withdraw(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |held| held.checked_sub(COST)).is_ok()
    }
}

#[cfg(test)]
mod tests;
