//! What a request's attempts have come to, and whether there is another. Pure, but for the upstream's budget.

use crate::http2::Fate;
use crate::incoming::Incoming;
use crate::reason::{Reason, Retry};
use crate::upstream::Upstream;

/// How often a request may be sent again to a backend that had closed the connection it was sent on.
const FREE: u32 = 2;

/// How often a request may be sent again that a backend which was closing its connection has not seen.
const UNSEEN: u32 = 4;
/// Why an attempt failed, and what it may have done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    pub(crate) reason: Reason,
    pub(crate) was_reused: bool,
    /// Part of the request's body is gone, or part of an answer has come.
    pub(crate) is_final: bool,
    /// What the backend has done with it, where it said so.
    pub(crate) fate: Fate,
}

impl Failed {
    /// Before anything was sent.
    pub(crate) const fn unsent(reason: Reason) -> Self {
        Self { reason, was_reused: false, is_final: false, fate: Fate::Unknown }
    }
}

/// What a request has behind it.
pub(crate) struct Tries {
    /// Places of backends that failed; bounded by the upstream's retries.
    pub(crate) tried: Vec<usize>,
    free_left: u32,
    unseen_left: u32,
    was_refused: bool,
    retries_left: u32,
    /// A request that a backend may have seen is repeated once only.
    was_repeated: bool,
}

impl Tries {
    /// Those of a request that may have so many further attempts.
    pub(crate) const fn of(retries: u32) -> Self {
        Self {
            tried: Vec::new(),
            free_left: FREE,
            unseen_left: UNSEEN,
            was_refused: false,
            retries_left: retries,
            was_repeated: false,
        }
    }

    /// True where the last connection from the pool was stale: the next attempt gets a new one.
    pub(crate) const fn wants_fresh(&self) -> bool {
        self.free_left < FREE
    }

    /// True where another attempt may be made behind one that failed so; it is paid for then.
    pub(crate) fn may_go_on(
        &mut self,
        failed: &Failed,
        incoming: &Incoming,
        upstream: &Upstream,
        shard: usize,
    ) -> bool {
        if failed.is_final {
            return false;
        }
        match failed.fate {
            Fate::Unknown => {}
            Fate::Unseen => {
                let is_left = self.unseen_left > 0;
                self.unseen_left = self.unseen_left.saturating_sub(1);
                return is_left;
            }
            Fate::Refused => return !std::mem::replace(&mut self.was_refused, true),
        }
        match failed.reason.retry() {
            Retry::Never => false,
            Retry::Unsent => self.take_retry(),
            Retry::Repeatable => self.may_repeat(failed, incoming, upstream, shard),
        }
    }

    /// RFC 9110 section 9.2.2: a proxy never repeats what is not idempotent.
    fn may_repeat(
        &mut self,
        failed: &Failed,
        incoming: &Incoming,
        upstream: &Upstream,
        shard: usize,
    ) -> bool {
        if !incoming.head.method().is_idempotent() || has_body(incoming) {
            return false;
        }
        if failed.was_reused && self.free_left > 0 {
            self.free_left -= 1;
            return true;
        }
        let may = !self.was_repeated && self.take_retry() && upstream.budget(shard).withdraw();
        self.was_repeated = true;
        may
    }

    fn take_retry(&mut self) -> bool {
        let is_left = self.retries_left > 0;
        self.retries_left = self.retries_left.saturating_sub(1);
        is_left
    }
}

/// True where a body comes with the request.
pub(crate) fn has_body(incoming: &Incoming) -> bool {
    !incoming.admitted.body.is_empty()
}
