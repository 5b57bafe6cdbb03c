//! Coarse deadlines: one word per connection, looked over ten times a second, instead of a timer per wait.
//!
//! A connection holds a [`Slot`]. Setting its deadline is one store. A worker's ticker calls
//! [`Deadlines::sweep`], which wakes the tasks whose deadline has passed; each wait of a task asks
//! [`Slot::is_expired`] first. A deadline is kept to within one tick.

use crate::clock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

/// How long a tick is.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// A deadline that never passes.
const NEVER: u32 = u32::MAX;

const PER_CHUNK: usize = 64;

#[derive(Debug)]
struct Chunk {
    deadlines: [AtomicU32; PER_CHUNK],
    /// Who waits for nothing but another request.
    resting: [AtomicBool; PER_CHUNK],
    wakers: [Mutex<Option<Waker>>; PER_CHUNK],
}

impl Chunk {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            deadlines: std::array::from_fn(|_| AtomicU32::new(NEVER)),
            resting: std::array::from_fn(|_| AtomicBool::new(false)),
            wakers: std::array::from_fn(|_| Mutex::new(None)),
        })
    }

    fn wake(&self, index: usize) {
        let Some(waker) = self.wakers.get(index) else { return };
        // It stays: the task goes on, with another deadline, and registers no second time.
        let waker = waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// All deadlines of one worker.
#[derive(Debug)]
pub(crate) struct Deadlines {
    began: Instant,
    now: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    chunks: Vec<Arc<Chunk>>,
    free: Vec<(u32, u8)>,
}

impl Deadlines {
    pub(crate) fn new() -> Arc<Self> {
        Self::begun(clock::now())
    }

    /// Those whose time began then.
    pub(crate) fn begun(began: Instant) -> Arc<Self> {
        Arc::new(Self { began, now: AtomicU32::new(0), state: Mutex::default() })
    }

    /// A slot without a deadline.
    pub(crate) fn slot(self: &Arc<Self>) -> Slot {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.free.is_empty() {
            let number = state.chunks.len() as u32;
            state.chunks.push(Chunk::new());
            state.free.extend((0..PER_CHUNK as u8).rev().map(|index| (number, index)));
        }
        let (number, index) = state.free.pop().unwrap_or_default();
        let chunk = state.chunks.get(number as usize).map(Arc::clone);
        // `free` names existing chunks only, so there always is one.
        let chunk = chunk.unwrap_or_else(Chunk::new);
        Slot { all: Arc::clone(self), chunk, number, index }
    }

    /// How many slots are in use: connections and streams that are being served.
    pub(crate) fn used(&self) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.chunks.len() * PER_CHUNK).saturating_sub(state.free.len())
    }

    /// The time in ticks since the beginning, as of the last sweep.
    #[inline]
    pub(crate) fn now(&self) -> u32 {
        self.now.load(Relaxed)
    }

    /// Brings the time up to date and wakes every task whose deadline has passed.
    pub(crate) fn sweep(&self) {
        let ticks = clock::since(self.began).as_millis() / TICK.as_millis();
        let now = u32::try_from(ticks).unwrap_or(NEVER - 1);
        self.now.store(now, Relaxed);
        self.wake(|deadline| deadline <= now);
    }

    /// Wakes every task that holds a slot, whatever its deadline.
    pub(crate) fn wake_all(&self) {
        self.wake(|_| true);
    }

    fn wake(&self, is_due: impl Fn(u32) -> bool) {
        for chunk in self.chunks() {
            for (index, deadline) in chunk.deadlines.iter().enumerate() {
                if is_due(deadline.load(Relaxed)) {
                    chunk.wake(index);
                }
            }
        }
    }

    /// Has the deadline of whoever has rested longest pass now. False where nobody rests.
    pub(crate) fn end_longest_rest(&self) -> bool {
        let chunks = self.chunks();
        let resting = chunks.iter().flat_map(|chunk| {
            let deadlines = chunk.deadlines.iter().zip(&chunk.resting).enumerate();
            let resting = deadlines.filter(|(_, (_, resting))| resting.load(Relaxed));
            resting.map(move |(index, (deadline, _))| (deadline.load(Relaxed), chunk, index))
        });
        let Some((_, chunk, index)) = resting.min_by_key(|(deadline, ..)| *deadline) else { return false };
        if let (Some(deadline), Some(resting)) = (chunk.deadlines.get(index), chunk.resting.get(index)) {
            deadline.store(0, Relaxed);
            resting.store(false, Relaxed);
        }
        chunk.wake(index);
        true
    }

    fn chunks(&self) -> Vec<Arc<Chunk>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).chunks.clone()
    }
}

/// One connection's deadline.
#[derive(Debug)]
pub(crate) struct Slot {
    all: Arc<Deadlines>,
    chunk: Arc<Chunk>,
    number: u32,
    index: u8,
}

impl Slot {
    #[inline]
    fn cell(&self) -> &AtomicU32 {
        &self.chunk.deadlines[usize::from(self.index) % PER_CHUNK]
    }

    /// Says whether nothing but another request is waited for.
    #[inline]
    pub(crate) fn set_resting(&self, is_resting: bool) {
        if let Some(resting) = self.chunk.resting.get(usize::from(self.index)) {
            resting.store(is_resting, Relaxed);
        }
    }

    /// Sets the deadline to `after` from now; `None` and times beyond 13 years mean never.
    #[inline]
    pub(crate) fn set(&self, after: Option<Ticks>) {
        self.set_at(after.map_or(NEVER, |after| self.now().saturating_add(after.0)));
    }

    /// Sets the deadline to a point in time, in ticks.
    #[inline]
    pub(crate) fn set_at(&self, at: u32) {
        self.cell().store(at, Relaxed);
    }

    /// Brings the deadline forward to `within` from now, if it is later.
    #[inline]
    pub(crate) fn hurry(&self, within: Ticks) {
        self.set_at(self.at().min(self.now().saturating_add(within.0)));
    }

    /// The point in time of the deadline, in ticks.
    #[inline]
    pub(crate) fn at(&self) -> u32 {
        self.cell().load(Relaxed)
    }

    /// The time in ticks.
    #[inline]
    pub(crate) fn now(&self) -> u32 {
        self.all.now()
    }

    /// True once the deadline has passed. The task is woken when it does only where it registered.
    #[inline]
    pub(crate) fn is_expired(&self) -> bool {
        self.at() <= self.now()
    }

    /// Has the task woken when the deadline passes.
    #[inline]
    pub(crate) fn register(&self, waker: &Waker) {
        let cell = &self.chunk.wakers[usize::from(self.index) % PER_CHUNK];
        let mut held = cell.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(held) if held.will_wake(waker) => {}
            _ => *held = Some(waker.clone()),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.set_at(NEVER);
        self.set_resting(false);
        let cell = &self.chunk.wakers[usize::from(self.index) % PER_CHUNK];
        cell.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut state = self.all.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.free.push((self.number, self.index));
    }
}

/// A duration in ticks, at least one, computed once when a snapshot is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticks(pub(crate) u32);

impl Ticks {
    /// `duration`, rounded up, and one more for the part of a tick that has already gone by.
    pub(crate) fn of(duration: Duration) -> Self {
        let ticks = duration.as_millis().div_ceil(TICK.as_millis());
        Self(u32::try_from(ticks).unwrap_or(NEVER / 2).saturating_add(1))
    }

    /// In seconds.
    pub(crate) const fn seconds(count: u32) -> u32 {
        count * (1000 / TICK.as_millis() as u32)
    }
}

#[cfg(test)]
mod tests;
