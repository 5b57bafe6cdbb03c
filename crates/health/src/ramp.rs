//! Slow start: how much of its weight a backend has that has just come.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// The weight changes at most this many times over the window.
const STEPS: u32 = 20;

/// The share of its weight that a backend has while it is new, or back from the dead.
///
/// Envoy's `slow_start_config`: `max(least, (t / window) ^ (1 / aggression))`, where t is the time since it
/// came.
///
/// # Defaults
///
/// Window 30 s, least 0.1, aggression 1.0, so linear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// The time after which a backend has its whole weight; zero is no slow start.
    pub window: Duration,
    /// The share at the beginning, 0 to 1. At 0 a backend gets its first request late, or never.
    pub least: f64,
    /// How the share grows: 1 is linear, more is faster at the beginning, less is slower. What is no positive
    /// number counts as 1.
    pub aggression: f64,
}

impl Default for Ramp {
    fn default() -> Self {
        Self { window: Duration::from_secs(30), least: 0.1, aggression: 1.0 }
    }
}

impl Ramp {
    /// The share of its weight, 0 to 1, of a backend that came so long ago; 1 from the end of the window on.
    #[must_use]
    pub fn share(&self, since: Duration) -> f64 {
        if since >= self.window {
            return 1.0;
        }
        let time = since.as_secs_f64() / self.window.as_secs_f64();
        let grown = if self.aggression > 0.0 { time.powf(1.0 / self.aggression) } else { time };
        // `max` prefers a number to what is none.
        grown.max(self.least).clamp(0.0, 1.0)
    }

    /// When the share should be applied next, as the time since the backend came; `None` once it has its
    /// whole weight. There are 20 such steps over the window, or fewer.
    #[must_use]
    pub fn next_step(&self, since: Duration) -> Option<Duration> {
        if since >= self.window {
            return None;
        }
        let width = (self.window / STEPS).max(Duration::from_nanos(1));
        let taken = since.as_nanos() / width.as_nanos();
        let step = u32::try_from(taken.saturating_add(1)).unwrap_or(u32::MAX);
        // The last step ends with the window, which may be longer than its twenty parts by what was rounded
        // off.
        let next = if step >= STEPS { self.window } else { width.saturating_mul(step) };
        Some(next.min(self.window))
    }
}
