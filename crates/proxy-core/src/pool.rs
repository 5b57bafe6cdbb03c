//! Unused connections to backends: per worker and backend, the last one used first.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

use crate::deadline::Ticks;
use crate::registry::Backend;
use crate::spec::UpstreamSpec;
use crate::transport::Stream;

/// The rules that a pool keeps, in ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolRules {
    pub(crate) idle: Ticks,
    pub(crate) age: Ticks,
    most: usize,
}

impl PoolRules {
    pub(crate) fn of(spec: &UpstreamSpec) -> Self {
        Self {
            idle: Ticks::of(spec.idle_timeout),
            age: Ticks::of(spec.max_connection_age),
            // A connection that has told whose it is serves nobody else.
            most: if spec.announces.is_some() { 0 } else { spec.max_idle_connections },
        }
    }
}

/// A connection to a backend, and when it was made, in ticks.
#[derive(Debug)]
pub(crate) struct Pooled {
    pub(crate) stream: Stream,
    pub(crate) opened: u32,
}

thread_local! {
    static TURN: Cell<u64> = const { Cell::new(0) };
}

/// Told by a worker's runtime whenever it has asked the system what has come.
pub(crate) fn next_turn() {
    TURN.set(TURN.get().wrapping_add(1));
}

#[derive(Debug)]
struct Idle {
    pooled: Pooled,
    /// The turn of the runtime in which it was put here. What has come since is not known before the next.
    turn: u64,
    /// When it has been unused, or has existed, for too long.
    ends: u32,
}

#[derive(Debug, Default)]
struct Pool {
    /// The backend whose connections these are; slots are used again.
    backend: u64,
    idle: Vec<Idle>,
}

impl Pool {
    /// The last connection of an earlier turn: whatever came on it since is known. Where there is none, the last
    /// of this turn, of which it is not.
    #[inline]
    fn last(&mut self, turn: u64) -> Option<(Idle, bool)> {
        match self.idle.iter().rposition(|idle| idle.turn != turn) {
            Some(place) => Some((self.idle.remove(place), true)),
            None => self.idle.pop().map(|idle| (idle, false)),
        }
    }
}

/// All unused connections of one worker. The lock is the worker's own: nobody else waits for it.
#[derive(Debug, Default)]
pub(crate) struct Pools(Mutex<Vec<Pool>>);

impl Pools {
    /// A connection that stands, as far as is known; for a request that can be sent once only, the system is asked
    /// where that may be out of date.
    #[inline]
    pub(crate) fn take(&self, backend: &Backend, now: u32, is_careful: bool) -> Option<Pooled> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = pools.get_mut(backend.slot).filter(|pool| pool.backend == backend.number)?;
        let turn = TURN.get();
        while let Some((Idle { mut pooled, ends, .. }, is_known)) = pool.last(turn) {
            let asks = is_careful && !is_known;
            if ends > now && if asks { pooled.stream.is_silent() } else { pooled.stream.is_quiet() } {
                return Some(pooled);
            }
        }
        None
    }

    /// Keeps a connection for the next request.
    #[inline]
    pub(crate) fn put(&self, backend: &Backend, pooled: Pooled, rules: &PoolRules, now: u32) {
        let ends = now.saturating_add(rules.idle.0).min(pooled.opened.saturating_add(rules.age.0));
        if ends <= now || rules.most == 0 || pooled.stream.is_wanted() {
            return;
        }
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pools.len() <= backend.slot {
            pools.resize_with(backend.slot + 1, Pool::default);
        }
        let Some(pool) = pools.get_mut(backend.slot) else { return };
        if pool.backend != backend.number {
            pool.backend = backend.number;
            pool.idle.clear();
        }
        if pool.idle.len() < rules.most {
            pool.idle.push(Idle { pooled, turn: TURN.get(), ends });
        }
    }

    /// Closes what has been unused or has existed for too long, and what the backend has closed.
    pub(crate) fn sweep(&self, now: u32) {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for pool in pools.iter_mut().filter(|pool| !pool.idle.is_empty()) {
            pool.idle.retain_mut(|idle| idle.ends > now && idle.pooled.stream.is_quiet());
        }
    }

    /// Closes one connection to `backend`, which another worker waits for to end. False where there is none.
    pub(crate) fn close_one(&self, backend: &Backend) -> bool {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = pools.get_mut(backend.slot).filter(|pool| pool.backend == backend.number);
        let closed = pool.and_then(|pool| pool.idle.pop());
        // Its end is told to who waits, which is no business of this lock.
        drop(pools);
        closed.is_some()
    }

    /// Closes everything.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
