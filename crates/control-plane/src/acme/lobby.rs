//! Clients that wait for certificates of names that have none. Pure: time is an argument.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot::{Receiver, Sender, channel};

use super::on_demand::ObtainError;
use super::schedule::after;

/// Names that are waited for, at most.
const MOST_NAMES: usize = 128;
/// So many names are asked permission for at once.
const ASKED_AT_ONCE: usize = 16;
/// A no holds for so long.
const NO_HOLDS_FOR: Duration = Duration::from_secs(60);
/// So many are remembered.
const MOST_DENIED: usize = 10_000;

/// What who waits is told.
pub(super) type Answer = Result<(), ObtainError>;

/// Who waits for which name. One name is asked for once, however many wait for it.
#[derive(Debug, Default)]
pub(super) struct Lobby {
    is_closed: bool,
    waiting: HashMap<Arc<str>, Vec<Sender<Answer>>>,
    /// Those that nobody has looked into yet.
    new: VecDeque<Arc<str>>,
    asking: usize,
    denied: HashMap<Arc<str>, SystemTime>,
    /// The same, the first to be forgotten first.
    denied_until: VecDeque<(SystemTime, Arc<str>)>,
}

impl Lobby {
    /// Waits for a name.
    ///
    /// # Errors
    /// Why that makes no sense.
    pub(super) fn wait(&mut self, name: &str, now: SystemTime) -> Result<Receiver<Answer>, ObtainError> {
        if self.is_closed {
            return Err(ObtainError::Stopped);
        }
        if self.denied.get(name).is_some_and(|&until| now < until) {
            return Err(ObtainError::Denied);
        }
        let (sender, receiver) = channel();
        if let Some(waiting) = self.waiting.get_mut(name) {
            // Clients come and go while a name is looked into.
            waiting.retain(|sender| !sender.is_closed());
            waiting.push(sender);
            return Ok(receiver);
        }
        if self.waiting.len() >= MOST_NAMES {
            return Err(ObtainError::Busy);
        }
        let name: Arc<str> = name.into();
        self.waiting.insert(Arc::clone(&name), vec![sender]);
        self.new.push_back(name);
        Ok(receiver)
    }

    /// The next name to look into, which may have permission asked for it. Whoever takes it tells when that is over.
    pub(super) fn take(&mut self) -> Option<Arc<str>> {
        if self.asking >= ASKED_AT_ONCE {
            return None;
        }
        let name = self.new.pop_front()?;
        self.asking += 1;
        Some(name)
    }

    /// A name is not looked into any more; who waits for it still does.
    pub(super) const fn looked_into(&mut self) {
        self.asking = self.asking.saturating_sub(1);
    }

    /// Tells all who wait for a name, if anybody does.
    pub(super) fn answer(&mut self, name: &str, answer: Answer, now: SystemTime) {
        if let Some((name, waiting)) = self.waiting.remove_entry(name) {
            for sender in waiting {
                // A client that is gone needs no answer.
                let _ = sender.send(answer);
            }
            if answer == Err(ObtainError::Denied) {
                self.deny(name, now);
            }
        }
    }

    /// Tells everybody that nobody works here any more.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.new.clear();
        // Who waits learns it by the end of its channel.
        self.waiting.clear();
    }

    fn deny(&mut self, name: Arc<str>, now: SystemTime) {
        while let Some((until, denied)) = self.denied_until.front() {
            if now < *until && self.denied_until.len() < MOST_DENIED {
                break;
            }
            self.denied.remove(denied);
            self.denied_until.pop_front();
        }
        let until = after(now, NO_HOLDS_FOR);
        self.denied_until.push_back((until, Arc::clone(&name)));
        self.denied.insert(name, until);
    }
}

#[cfg(test)]
mod tests;
