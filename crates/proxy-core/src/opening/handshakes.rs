//! Handshakes that are under way on one worker, in the order in which they began.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

/// The list is looked over once it holds so many more than twice those that are under way.
const SLACK: usize = 64;

/// All of a worker. The lock is the worker's own.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    /// Those that are over stand in it until they are looked at.
    begun: VecDeque<Arc<Handshake>>,
    active: usize,
}

#[derive(Debug, Default)]
struct Handshake {
    is_over: AtomicBool,
    is_given_up: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// The place of one handshake, until it is dropped.
pub(crate) struct Place<'a> {
    all: &'a Handshakes,
    handshake: Arc<Handshake>,
}

impl Handshakes {
    /// One more. Where there are `most`, the one that began first is given up for it.
    pub(crate) fn begin(&self, most: usize) -> Place<'_> {
        let handshake = Arc::new(Handshake::default());
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let given_up = if line.active >= most.max(1) { line.give_up() } else { None };
        if line.begun.len() > 2 * line.active + SLACK {
            line.begun.retain(|handshake| !handshake.is_over.load(Relaxed));
        }
        line.begun.push_back(Arc::clone(&handshake));
        line.active += 1;
        drop(line);
        if let Some(waker) = given_up {
            waker.wake();
        }
        Place { all: self, handshake }
    }
}

impl Line {
    fn give_up(&mut self) -> Option<Waker> {
        let first =
            std::iter::from_fn(|| self.begun.pop_front()).find(|first| !first.is_over.load(Relaxed))?;
        self.active -= 1;
        first.is_over.store(true, Relaxed);
        first.is_given_up.store(true, Relaxed);
        let mut waker = first.waker.lock().unwrap_or_else(PoisonError::into_inner);
        waker.take()
    }
}

impl Place<'_> {
    /// True once it was given up for later ones; the task is woken when that happens.
    pub(crate) fn is_given_up(&self, cx: &Context<'_>) -> bool {
        let mut waker = self.handshake.waker.lock().unwrap_or_else(PoisonError::into_inner);
        match &*waker {
            Some(held) if held.will_wake(cx.waker()) => {}
            _ => *waker = Some(cx.waker().clone()),
        }
        self.handshake.is_given_up.load(Relaxed)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.handshake.is_over.swap(true, Relaxed) {
            line.active -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_given_up(place: &Place<'_>) -> bool {
        place.is_given_up(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_one_that_began_first_is_given_up() {
        let all = Handshakes::default();
        let (first, second) = (all.begin(2), all.begin(2));
        let third = all.begin(2);
        assert_eq!([&first, &second, &third].map(is_given_up), [true, false, false]);
        drop(second);
        let fourth = all.begin(2);
        assert_eq!([&third, &fourth].map(is_given_up), [false, false]);
        let fifth = all.begin(2);
        assert_eq!([&third, &fourth, &fifth].map(is_given_up), [true, false, false]);
    }

    #[test]
    fn those_that_are_over_leave_nothing_behind() {
        let all = Handshakes::default();
        let held = all.begin(1000);
        for _ in 0..10_000 {
            drop(all.begin(1000));
        }
        let line = all.0.lock().unwrap();
        assert_eq!(line.active, 1);
        assert!(line.begun.len() <= 2 + SLACK + 1);
        drop(line);
        assert!(!is_given_up(&held));
    }
}
