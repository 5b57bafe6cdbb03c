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
    interval: Ticks,
    timeout: Ticks,
    /// When to look next, in ticks.
    at: u32,
    /// When it was asked, in ticks; `None` where no answer is owed.
    asked: Option<u32>,
}

impl Heartbeat {
    pub(super) const fn new(pings: Option<PingPong>, interval: Ticks, timeout: Ticks) -> Self {
        Self { pings, interval, timeout, at: NEVER, asked: None }
    }

    /// When to poll next at the latest, in ticks.
    pub(super) const fn at(&self) -> u32 {
        self.at
    }

    /// Looks at a connection that heard something last at `heard`, in ticks, and carries requests or not.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: u32, heard: u32, is_carrying: bool) -> Beat {
        if !is_carrying {
            self.at = NEVER;
            return Beat::Alive;
        }
        if self.asked.is_some() && self.pings.as_mut().is_some_and(|pings| pings.poll_pong(cx).is_ready()) {
            self.asked = None;
        }
        if self.at == NEVER {
            self.at = now.saturating_add(self.interval.0);
        }
        if now < self.at {
            return Beat::Alive;
        }
        let silent = now.saturating_sub(heard);
        match self.asked {
            Some(asked) if heard <= asked && now >= asked.saturating_add(self.timeout.0) => {
                return Beat::Dead;
            }
            None if silent >= self.interval.0 => {
                if let Some(pings) = &mut self.pings
                    && pings.send_ping(Ping::opaque()).is_ok()
                {
                    self.asked = Some(now);
                }
                self.at = now.saturating_add(self.timeout.0);
            }
            _ => self.at = heard.max(now.saturating_sub(silent)).saturating_add(self.interval.0).max(now + 1),
        }
        Beat::Alive
    }
}
