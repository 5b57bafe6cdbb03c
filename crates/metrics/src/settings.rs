//! How far a tracker looks back.

use std::time::Duration;

/// The parts that a window slides by.
const PARTS: u32 = 12;

/// How far a tracker looks back, and how often it looks.
///
/// # Defaults
/// A minute, once a second, and 60 points of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What figures are about. The window slides by a twelfth of it, or by a step where that is longer: it is that much
    /// shorter at times, and never longer unless nobody ticked for so long.
    pub window: Duration,
    /// How often [`Tracker::run`](crate::Tracker::run) looks.
    pub step: Duration,
    /// How many points of history there are, each of the width that the window slides by.
    pub history: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window: Duration::from_secs(60), step: Duration::from_secs(1), history: 60 }
    }
}

impl Settings {
    /// After so long the figures of no window tell of a request any more, whenever in its part of the window it ended. History may.
    pub fn remembers(&self) -> Duration {
        self.window + self.width() + self.step
    }

    /// What the window slides by.
    pub(crate) fn width(&self) -> Duration {
        (self.window / PARTS).max(self.step).max(Duration::from_millis(1))
    }
}
