//! Whether the other end of a connection that carries requests is still there: it is asked where it is silent.

use std::task::Context;

use h2::{Ping, PingPong};

use crate::deadline::Ticks;

/// A point in time that never comes, in ticks.
pub(super) const NEVER: u32 = u32::MAX;

/// What is known of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Alive,
    Dead,
}

/// Asks a silent end for a sign of life. RFC 9113 section 6.7.
pub(super) struct Heartbeat {
    pings: Option<PingPong>,
    pulse: Pulse,
}

impl Heartbeat {
    pub(super) const fn new(pings: Option<PingPong>, interval: Ticks, timeout: Ticks) -> Self {
        Self { pings, pulse: Pulse { interval, timeout, at: NEVER, asked: None } }
    }

    /// When to poll next at the latest, in ticks.
    pub(super) const fn at(&self) -> u32 {
        self.pulse.at
    }

    /// Looks at a connection that heard something last at `heard`, in ticks, and carries requests or not.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: u32, heard: u32, is_carrying: bool) -> Beat {
        let Some(pings) = &mut self.pings else { return Beat::Alive };
        if self.pulse.asked.is_some() && pings.poll_pong(cx).is_ready() {
            self.pulse.asked = None;
        }
        match self.pulse.step(now, heard, is_carrying) {
            Step::Nothing => Beat::Alive,
            Step::Dead => Beat::Dead,
            Step::Ask => {
                // It is refused where an earlier one is still under way, whose answer will do.
                let _ = pings.send_ping(Ping::opaque());
                Beat::Alive
            }
        }
    }
}

/// When to ask, and when to give up. Pure.
#[derive(Debug)]
struct Pulse {
    interval: Ticks,
    timeout: Ticks,
    /// When to look next, in ticks.
    at: u32,
    /// When it was asked, in ticks; `None` where no answer is owed.
    asked: Option<u32>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Ask,
    Dead,
}

impl Pulse {
    fn step(&mut self, now: u32, heard: u32, is_carrying: bool) -> Step {
        if !is_carrying {
            (self.at, self.asked) = (NEVER, None);
            return Step::Nothing;
        }
        if self.at == NEVER {
            self.at = now.saturating_add(self.interval.0);
        }
        if now < self.at {
            return Step::Nothing;
        }
        // Whatever comes is a sign of life; the answer itself need not.
        self.asked = self.asked.filter(|asked| heard <= *asked);
        let silent_until = heard.saturating_add(self.interval.0);
        if self.asked.is_some() {
            Step::Dead
        } else if now < silent_until {
            self.at = silent_until;
            Step::Nothing
        } else {
            self.asked = Some(now);
            self.at = now.saturating_add(self.timeout.0.max(1));
            Step::Ask
        }
    }
}

#[cfg(test)]
mod tests;
