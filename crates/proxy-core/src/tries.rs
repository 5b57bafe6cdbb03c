//! What a request's attempts have come to, and whether there is another. Pure.

use std::time::Duration;

use crate::http2::Fate;
use crate::incoming::Incoming;
use crate::reason::{Reason, Retry};
use crate::spec::RetrySpec;

/// How often a request may be sent again to a backend that had closed the connection it was sent on.
const FREE: u32 = 2;

/// How often a request may be sent again that a backend which was closing its connection has not seen.
const UNSEEN: u32 = 4;

/// Why an attempt failed, and what it may have done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    pub(crate) reason: Reason,
    pub(crate) was_reused: bool,
    /// Part of the request's body is gone, or part of an answer was passed on.
    pub(crate) is_final: bool,
    /// What the backend has done with it, where it said so.
    pub(crate) fate: Fate,
    /// The request was with the backend, which did not answer in the time that there was.
    pub(crate) is_hung: bool,
}

impl Failed {
    /// Before anything was sent.
    pub(crate) const fn unsent(reason: Reason) -> Self {
        Self { reason, was_reused: false, is_final: false, fate: Fate::Unknown, is_hung: false }
    }

    /// True where it says something of the backend, and not of a connection that was stale or closing.
    pub(crate) fn is_of_backend(&self) -> bool {
        !self.is_stale() && self.fate == Fate::Unknown
    }

    /// True where the connection had been used before, and broke: the backend may have closed it as the request came.
    fn is_stale(&self) -> bool {
        self.was_reused && self.reason == Reason::UpstreamReset
    }
}

/// Whether there is another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// There is none.
    No,
    /// At once: it costs nothing that anybody would notice.
    AtOnce,
    /// It is load that the backends would not have had: after a wait, and within the budget.
    Paid,
}

/// What a request has behind it.
pub(crate) struct Tries {
    /// Numbers of backends that failed; bounded by the upstream's retries.
    pub(crate) tried: Vec<u64>,
    free_left: u32,
    /// Numbers of backends to which a connection from the pool was stale.
    stale: [Option<u64>; FREE as usize],
    unseen_left: u32,
    was_refused: bool,
    retries_left: u32,
    /// Further attempts that were paid for.
    paid: u32,
}

impl Tries {
    /// Those of a request that may have so many further attempts.
    pub(crate) const fn of(retries: u32) -> Self {
        Self {
            tried: Vec::new(),
            free_left: FREE,
            stale: [None; FREE as usize],
            unseen_left: UNSEEN,
            was_refused: false,
            retries_left: retries,
            paid: 0,
        }
    }

    /// True where a connection from the pool to the backend of this number was stale: the next one is new.
    #[inline]
    pub(crate) fn wants_fresh(&self, number: u64) -> bool {
        self.stale.contains(&Some(number))
    }

    /// Whether another attempt may be made behind one that failed so.
    pub(crate) fn after_failure(
        &mut self,
        (failed, number): (&Failed, u64),
        incoming: &Incoming,
        retry: &RetrySpec,
    ) -> Again {
        if failed.is_final {
            return Again::No;
        }
        match failed.fate {
            Fate::Unknown => {}
            Fate::Unseen => {
                let is_left = self.unseen_left > 0;
                self.unseen_left = self.unseen_left.saturating_sub(1);
                return if is_left { Again::AtOnce } else { Again::No };
            }
            Fate::Refused => {
                let was_refused = std::mem::replace(&mut self.was_refused, true);
                return if was_refused { Again::No } else { Again::AtOnce };
            }
        }
        match failed.reason.retry() {
            Retry::Never => Again::No,
            Retry::Unsent if self.after_unsent(failed.reason, retry) => Again::AtOnce,
            Retry::Unsent => Again::No,
            Retry::Repeatable if failed.is_stale() && self.free_left > 0 && is_idempotent(incoming) => {
                self.free_left -= 1;
                if let Some(stale) = self.stale.get_mut(self.free_left as usize) {
                    *stale = Some(number);
                }
                Again::AtOnce
            }
            Retry::Repeatable if failed.reason == Reason::ResponseTimeout => {
                self.pay(incoming, retry, retry.on_timeout)
            }
            Retry::Repeatable => self.pay(incoming, retry, retry.on_reset),
        }
    }

    /// Whether another attempt may be made behind one of which its backend has seen nothing.
    pub(crate) fn after_unsent(&mut self, reason: Reason, retry: &RetrySpec) -> bool {
        reason.retry() == Retry::Unsent && retry.on_connect && self.take_retry()
    }

    /// Whether another attempt may be made behind one that was answered with this status.
    pub(crate) fn after_answer(&mut self, status: u16, incoming: &Incoming, retry: &RetrySpec) -> Again {
        self.pay(incoming, retry, retry.on_statuses.contains(&status))
    }

    /// RFC 9110 section 9.2.2: a proxy does not repeat by itself what is not idempotent.
    fn pay(&mut self, incoming: &Incoming, retry: &RetrySpec, is_wanted: bool) -> Again {
        if is_wanted && (retry.non_idempotent || is_idempotent(incoming)) && self.take_retry() {
            self.paid += 1;
            Again::Paid
        } else {
            Again::No
        }
    }

    fn take_retry(&mut self) -> bool {
        let is_left = self.retries_left > 0;
        self.retries_left = self.retries_left.saturating_sub(1);
        is_left
    }

    /// The wait before the attempt that was just paid for: random, up to a bound that doubles ("full jitter").
    pub(crate) fn backoff(&self, retry: &RetrySpec, entropy: u64) -> Duration {
        let doubled = retry.backoff.saturating_mul(1 << self.paid.saturating_sub(1).min(16));
        let most = doubled.min(retry.longest_backoff);
        most.mul_f64((entropy >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// True where doing it twice is as good as doing it once.
pub(crate) fn is_idempotent(incoming: &Incoming) -> bool {
    incoming.head.method().is_idempotent()
}

/// True where a body comes with the request.
pub(crate) fn has_body(incoming: &Incoming) -> bool {
    !incoming.admitted.body.is_empty()
}

#[cfg(test)]
mod tests;
