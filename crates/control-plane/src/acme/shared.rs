//! What the issuer and its handles have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Notify, watch};

use super::clock::Clock;
use super::lobby::Lobby;
use super::roster::Roster;

/// Locks are held for a moment each, and one at a time.
pub(super) struct Shared {
    clock: Arc<dyn Clock>,
    roster: Mutex<Roster>,
    lobby: Mutex<Lobby>,
    /// The operator's names, where they are others than before.
    wanted: Mutex<Option<Vec<Arc<str>>>>,
    /// Tells the issuer that there is something new to do.
    bell: Notify,
    /// Tells who watches that something has changed.
    changes: watch::Sender<()>,
}

impl Shared {
    pub(super) fn new(clock: Arc<dyn Clock>, roster: Roster) -> Self {
        let changes = watch::Sender::new(());
        Self {
            clock,
            roster: Mutex::new(roster),
            lobby: Mutex::default(),
            wanted: Mutex::default(),
            bell: Notify::new(),
            changes,
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    pub(super) fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lobby(&self) -> MutexGuard<'_, Lobby> {
        self.lobby.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operator wants certificates for these names from now on.
    pub(super) fn want(&self, names: Vec<Arc<str>>) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(names);
        self.ring();
    }

    /// The names that the operator wants, where they were not taken before.
    pub(super) fn take_wanted(&self) -> Option<Vec<Arc<str>>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// There is something new to do.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Ready once there is something new to do.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Something has changed.
    pub(super) fn tell(&self) {
        self.changes.send_replace(());
    }

    /// Somebody watches.
    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
