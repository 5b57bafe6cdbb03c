//! Revisions that are taken back by themselves.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proxy_core::events::RevisionTurn;
use tokio::time::Instant;

use super::commit::Before;
use super::watch::Watch;
use super::{Documents, State};
use crate::changes::{ChangeError, How, Revision};

/// A revision that waits for its confirmation, or for its trial to end. Nothing else is changed meanwhile.
pub(super) struct Waiting {
    pub(super) revision: u64,
    /// When the time is over, for people.
    pub(super) until: SystemTime,
    /// The same moment, whatever somebody does to the clock.
    deadline: Instant,
    /// It stays when the time is over: nobody has to confirm it.
    stays: bool,
    /// What it is tried by, where it is on trial.
    pub(super) watch: Watch,
    /// It is to be taken back, which could not be done yet: nobody can confirm it any more.
    is_over: bool,
    pub(super) before: Before,
}

impl Waiting {
    /// One that waits until then.
    pub(super) fn of(
        revision: &Revision,
        until: SystemTime,
        (how, watch, before): (&How, Watch, Before),
    ) -> Self {
        Self {
            revision: revision.number,
            until,
            deadline: Instant::now() + until.duration_since(revision.at).unwrap_or_default(),
            stays: how.confirm.is_none(),
            watch,
            is_over: false,
            before,
        }
    }

    /// To be taken back a little later.
    pub(super) fn put_off(self) -> Self {
        Self { deadline: Instant::now() + LOOK, stays: false, is_over: true, ..self }
    }

    /// True where it may still be confirmed.
    fn can_stay(&self, revision: u64) -> bool {
        self.revision == revision && !self.is_over && Instant::now() < self.deadline
    }
}

impl Documents {
    /// A revision waits from now on.
    pub(super) fn wait(&self, state: &mut State, revision: &Arc<Revision>, waiting: Waiting) {
        state.spoilt.forget_old();
        state.waiting = Some(waiting);
        self.inner.pending.store(Some(Arc::clone(revision)));
        self.inner.changed.notify_one();
    }

    /// A revision waits no more.
    pub(super) fn wait_no_more(&self, state: &mut State, number: u64) {
        state.waiting = None;
        self.inner.pending.store(None);
        if let Some(past) = state.history.get(number) {
            let mut revision = Revision::clone(&past.revision);
            revision.pending_until = None;
            state.history.tell(revision);
        }
    }

    pub(super) fn confirm_in(&self, state: &mut State, revision: u64, by: &str) -> Result<(), ChangeError> {
        if !state.waiting.as_ref().is_some_and(|waiting| waiting.can_stay(revision)) {
            return Err(ChangeError::NotPending { revision });
        }
        state.keeping.confirm(revision, by)?;
        self.wait_no_more(state, revision);
        self.tell(RevisionTurn::Confirmed, Some(revision), by, String::new());
        tracing::info!(revision, by, "revision is confirmed");
        self.inner.changed.notify_one();
        Ok(())
    }

    /// Does what is due; gives how long nothing else is. Blocks.
    pub(super) fn look_after_waiting(&self) -> Option<Duration> {
        let mut state = self.state();
        let now = Instant::now();
        let waiting = state.waiting.as_ref()?;
        let is_tried = waiting.watch.judges() && !waiting.is_over;
        let worse = if is_tried { waiting.watch.worse(self) } else { None };
        if let Some(why) = worse {
            self.revert(&mut state, &why);
            return state.waiting.is_some().then_some(LOOK);
        }
        if now < waiting.deadline {
            let rest = waiting.deadline - now;
            return Some(if is_tried { rest.min(LOOK) } else { rest });
        }
        if waiting.stays {
            let revision = waiting.revision;
            // Where that cannot be noted it is tried again: a restart would take the revision back.
            if let Err(error) = state.keeping.confirm(revision, "proxyd") {
                let error: &dyn std::error::Error = &error;
                tracing::error!(revision, error, "revision has stood its trial, which cannot be noted");
                return Some(LOOK);
            }
            self.wait_no_more(&mut state, revision);
            self.tell(RevisionTurn::Confirmed, Some(revision), "proxyd", "it has stood its trial".into());
            tracing::info!(revision, "revision has stood its trial");
        } else {
            self.revert(&mut state, "nobody confirmed it in time");
            return state.waiting.is_some().then_some(LOOK);
        }
        None
    }
}

/// How often a revision on trial is looked at.
const LOOK: Duration = Duration::from_secs(1);
