//! When a certificate is renewed, and when what failed is tried again. Pure: time and random bits are arguments.

use std::time::{Duration, SystemTime};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate is not replaced sooner after it was issued, whatever is said of it: an authority or a clock that is wrong
/// would have us order without an end.
const SHORTEST_USE: Duration = Duration::from_secs(6 * 60 * 60);

/// From when until when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub(super) from: SystemTime,
    pub(super) until: SystemTime,
}

/// When an authority suggests to renew a certificate: RFC 9773 section 4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
}

/// What says when a certificate is renewed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renewal {
    pub(super) lifetime: Lifetime,
    /// What the authority suggests. It knows when it is busy, and what it will revoke.
    pub(super) window: Option<Window>,
    /// How long before its end the operator wants it renewed; `None`: a third of its lifetime.
    pub(super) before: Option<Duration>,
    /// The same for a certificate each time, so that what is asked again gives the same answer.
    pub(super) random: u64,
}

impl Renewal {
    /// The time from which on the certificate is to be renewed: a random point of the authority's window, or else what the
    /// operator wants, up to a tenth of it earlier.
    pub(super) fn at(&self) -> SystemTime {
        let Lifetime { from, until } = self.lifetime;
        let length = since(until, from);
        let point = match self.window.filter(|window| window.is_sensible(self.lifetime)) {
            Some(Window { start, end }) => after(start, part(since(end, start), self.random)),
            None => {
                // What is longer than a certificate's life would renew it as soon as it is there.
                let before = self.before.unwrap_or(length / 3).min(length / 2);
                earlier(until, before + part(before / 10, self.random))
            }
        };
        point.max(after(from, SHORTEST_USE.min(length / 2)))
    }
}

impl Window {
    /// A window that ends before it starts says nothing (RFC 9773 section 4.2), and one that outlasts the certificate
    /// would have it expire.
    fn is_sensible(&self, lifetime: Lifetime) -> bool {
        self.start < self.end && self.end <= lifetime.until
    }
}

/// How long to wait after so many failures in a row: a minute, doubled up to a day, less up to a quarter.
pub(super) fn back_off(failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(11);
    let whole = MINUTE.saturating_mul(1 << doublings).min(DAY);
    (whole - part(whole / 4, random)).max(MINUTE)
}

/// When to ask for a window again, of which an authority said this: RFC 9773 section 4.3.2.
pub(super) fn ask_again_after(said: Duration) -> Duration {
    said.clamp(MINUTE, DAY)
}

/// When to ask for a window again where the authority said nothing: RFC 9773 section 4.3.3.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(6 * 60 * 60);

/// When to see again whether an authority has windows at all.
pub(super) const WITHOUT_WINDOWS: Duration = DAY;

/// How often something was begun within the last hour, and may be.
#[derive(Debug)]
pub(super) struct Hourly {
    begun: Vec<SystemTime>,
}

impl Hourly {
    pub(super) const fn new() -> Self {
        Self { begun: Vec::new() }
    }

    /// The first time from `now` on at which one more is within the bound.
    pub(super) fn next(&self, now: SystemTime, most: usize) -> SystemTime {
        // What was begun in the future was not: the clock was set back.
        let recent = self.begun.iter().filter(|&&begun| begun <= now && since(now, begun) < HOUR);
        let mut recent: Vec<SystemTime> = recent.copied().collect();
        recent.sort_unstable();
        // The one that has to be an hour old by then.
        let oldest = recent.len().checked_sub(most).and_then(|index| recent.get(index));
        oldest.map_or(now, |&oldest| after(oldest, HOUR))
    }

    /// When what was begun counts no more; `None` where nothing was.
    pub(super) fn over_at(&self) -> Option<SystemTime> {
        self.begun.iter().max().map(|&latest| after(latest, HOUR))
    }

    /// Counts one.
    pub(super) fn begin(&mut self, now: SystemTime) {
        self.begun.retain(|&begun| begun <= now && since(now, begun) < HOUR);
        self.begun.push(now);
    }
}

/// A random part of a length of time, from none to all of it.
pub(super) fn part(whole: Duration, random: u64) -> Duration {
    // 53 bits are all that a fraction can tell apart.
    whole.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64)
}

/// A time so much later; the same where no time is that late.
pub(super) fn after(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_add(by).unwrap_or(time)
}

fn earlier(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_sub(by).unwrap_or(time)
}

fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

#[cfg(test)]
mod tests;
