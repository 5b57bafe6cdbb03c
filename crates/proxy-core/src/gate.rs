//! A limit of requests in flight, exact across workers, with a bounded queue of those that wait for a place.
//!
//! A request that finds a place costs one compare-and-swap, and one when it ends. Only while somebody waits, a lock is
//! taken; a place that is left then goes to the next in the queue, whichever worker that waits on. [`queue`] says
//! who that is, and is pure.
//!
//! Why nobody waits for ever: under the lock of the queue, **where somebody waits, all places are taken**.
//! - Whoever queues has announced itself first, in the same word that counts the places ([`tally`]), and saw then
//!   that all were taken, or that others waited. From then on a place is left under the lock only.
//! - Whoever leaves a place, or raises the limit, serves the queue under the lock, until all places are taken or
//!   nobody waits.
//! - Whoever gives up waiting leaves the queue under the lock; if it was served meanwhile, it leaves its place.

mod codel;
mod pass;
mod queue;
mod slot;
mod tally;
mod throughput;

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::clock;

pub(crate) use pass::{Pass, Waiter};
use queue::{Id, Popped, Pushed, Queue};
use slot::{Fate, Slot};
use tally::Tally;

/// Who goes first where there are more requests than places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Before all others.
    High,
    /// Unless something else is said.
    #[default]
    Normal,
    /// After all others, and the first to be given up.
    Low,
}

/// In which order those of one priority are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Oldest first; while the queue is overloaded newest first, and the oldest are given up.
    #[default]
    Adaptive,
    /// Oldest first, always.
    Fifo,
}

/// How a queue behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueSettings {
    /// So many may wait.
    pub(crate) capacity: u32,
    pub(crate) order: Order,
    /// A wait below it is a good one.
    pub(crate) target: Duration,
    /// Overload is when for so long no wait was good.
    pub(crate) interval: Duration,
}

impl QueueSettings {
    /// For a queue in which nobody waits for longer than `timeout`, which the caller sees to: a good wait is a
    /// twentieth of it (at least 5 ms), the interval twice that (at least 100 ms).
    pub(crate) fn new(capacity: u32, order: Order, timeout: Duration) -> Self {
        let target = (timeout / 20).max(Duration::from_millis(5));
        let interval = target.saturating_mul(2).max(Duration::from_millis(100));
        Self { capacity, order, target, interval }
    }
}

/// What became of a request at a gate.
#[derive(Debug)]
pub(crate) enum Entered {
    /// It has a place.
    Passed(Pass),
    /// It waits for one.
    Waits(Waiter),
    /// There is no place, and none in the queue.
    Refused {
        /// After how long it is worth another try: from one second to one minute.
        retry_after: Duration,
    },
}

/// A gate. One without a limit is none: its owner has no gate then.
#[derive(Debug)]
pub(crate) struct Gate {
    tally: Tally,
    /// Written under the queue's lock.
    limit: AtomicU32,
    queue: Mutex<Queue<Arc<Slot>>>,
    epoch: Instant,
}

impl Gate {
    /// A gate with so many places, none at all for 0. Times are given to it as since `epoch`.
    pub(crate) fn new(limit: u32, queue: QueueSettings, epoch: Instant) -> Self {
        Self {
            tally: Tally::default(),
            limit: AtomicU32::new(limit),
            queue: Mutex::new(Queue::new(queue)),
            epoch,
        }
    }

    /// A moment as this gate counts time.
    pub(crate) fn since_epoch(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.epoch)
    }

    /// A place, where one is free and nobody waits.
    #[inline]
    pub(crate) fn try_enter(self: &Arc<Self>) -> Option<Pass> {
        // An older limit may be read here. Where it was lower, the caller queues up, and reads the new one under the
        // lock; where it was higher, this entry began before the limit was lowered.
        self.tally.try_enter(self.limit()).then(|| Pass::new(Arc::clone(self)))
    }

    /// A place, or one in the queue, at `now` since the epoch.
    #[inline]
    pub(crate) fn enter(self: &Arc<Self>, priority: Priority, now: Duration) -> Entered {
        self.try_enter().map_or_else(|| self.queue_up(priority, now), Entered::Passed)
    }

    fn queue_up(self: &Arc<Self>, priority: Priority, now: Duration) -> Entered {
        let slot = Arc::new(Slot::new());
        let mut queue = self.lock();
        let before = self.tally.announce();
        if before.waiting == 0 && before.active < self.limit() {
            self.tally.settle(0, 1, 1);
            return Entered::Passed(Pass::new(Arc::clone(self)));
        }
        match queue.push(priority, Arc::clone(&slot), now) {
            Pushed::Queued(id) => Entered::Waits(Waiter::new(Arc::clone(self), slot, id)),
            Pushed::Shed(id, shed) => {
                self.tally.settle(0, 0, 1);
                let waker = shed.decide(Fate::Shed(queue.retry_after(now)));
                drop(queue);
                waker.into_iter().for_each(Waker::wake);
                Entered::Waits(Waiter::new(Arc::clone(self), slot, id))
            }
            Pushed::Full(_) => {
                self.tally.settle(0, 0, 1);
                Entered::Refused { retry_after: queue.retry_after(now) }
            }
        }
    }

    /// Sets how many may be in. Where fewer may be than are, nobody new gets in until enough have left; where more
    /// may be, those that wait are served at once.
    pub(crate) fn set_limit(&self, limit: u32) {
        let queue = self.lock();
        self.limit.store(limit, Relaxed);
        self.serve(queue, 0);
    }

    /// Sets how the queue behaves; whoever waits goes on waiting.
    pub(crate) fn set_queue(&self, settings: QueueSettings) {
        self.lock().set(settings);
    }

    /// How many are in.
    pub(crate) fn active(&self) -> u32 {
        self.tally.counts().active
    }

    /// How many wait. May count one that is about to be refused.
    pub(crate) fn waiting(&self) -> u32 {
        self.tally.counts().waiting
    }

    /// How many may be in.
    #[inline]
    pub(crate) fn limit(&self) -> u32 {
        self.limit.load(Relaxed)
    }

    /// True while the queue gives up those that have waited for longest.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.waiting() > 0 && self.lock().is_overloaded()
    }

    /// After how long those that wait now will have been served, at the present pace: what one is told that has
    /// waited for too long. From one second to one minute.
    pub(crate) fn retry_after(&self, now: Duration) -> Duration {
        self.lock().retry_after(now)
    }

    /// Gives a place back.
    #[inline]
    fn leave(&self) {
        if !self.tally.try_leave() {
            self.serve(self.lock(), 1);
        }
    }

    /// Gives the places of `left` that leave, and all free ones, to those that wait, and wakes them without the
    /// lock.
    fn serve(&self, mut queue: MutexGuard<'_, Queue<Arc<Slot>>>, left: u32) {
        if queue.is_empty() {
            // Others enter and leave meanwhile without the lock; there is nobody to hand a place to.
            self.tally.settle(left, 0, 0);
            return;
        }
        let now = self.since_epoch(clock::now());
        let active = self.tally.counts().active.saturating_sub(left);
        let mut free = self.limit().saturating_sub(active);
        let (mut entered, mut unqueued) = (0, 0);
        let mut woken = Vec::new();
        while free > 0 && !queue.is_empty() {
            let Popped { next, shed } = queue.pop(now);
            let retry_after = queue.retry_after(now);
            let shed = shed.iter().map(|slot| (slot, Fate::Shed(retry_after)));
            for (slot, fate) in next.iter().map(|slot| (slot, Fate::Granted)).chain(shed) {
                entered += u32::from(fate == Fate::Granted);
                unqueued += 1;
                woken.extend(slot.decide(fate));
            }
            free -= 1;
        }
        self.tally.settle(left, entered, unqueued);
        drop(queue);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Takes a waiter out of the queue. False where it is not there any more.
    fn unqueue(&self, id: Id) -> bool {
        let mut queue = self.lock();
        let removed = queue.remove(id);
        if removed.is_some() {
            self.tally.settle(0, 0, 1);
        }
        drop(queue);
        // Its waker is dropped with it, without the lock: it may hold the last of a task, and that a place.
        removed.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Queue<Arc<Slot>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
