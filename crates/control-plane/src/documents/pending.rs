//! Revisions that are taken back by themselves.

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
    pub(super) deadline: Instant,
    /// It stays when the time is over: nobody has to confirm it.
    pub(super) stays: bool,
    /// What it is tried by.
    pub(super) watch: Option<Watch>,
    pub(super) before: Before,
}

impl Waiting {
    /// To be taken back a little later.
    pub(super) fn put_off(self) -> Self {
        Self { deadline: Instant::now() + LOOK, stays: false, watch: None, ..self }
    }
}

impl State {
    /// Has a revision wait, where that was asked for.
    pub(super) fn wait_for(
        &mut self,
        revision: &Revision,
        how: &How,
        (watch, before): (Option<Watch>, Before),
    ) {
        let Some(until) = revision.pending_until else { return };
        let time = until.duration_since(revision.at).unwrap_or_default();
        self.waiting = Some(Waiting {
            revision: revision.number,
            until,
            deadline: Instant::now() + time,
            stays: how.confirm.is_none(),
            watch,
            before,
        });
    }

    /// A revision waits no more.
    pub(super) fn tell_settled(&mut self, number: u64) {
        if let Some(past) = self.history.get(number) {
            let mut revision = Revision::clone(&past.revision);
            revision.pending_until = None;
            self.history.tell(revision);
        }
    }
}

impl Documents {
    pub(super) fn confirm_in(&self, state: &mut State, revision: u64, by: &str) -> Result<(), ChangeError> {
        match &state.waiting {
            Some(waiting) if waiting.revision == revision && Instant::now() < waiting.deadline => {}
            _ => return Err(ChangeError::NotPending { revision }),
        }
        state.keeping.confirm(revision, by)?;
        state.waiting = None;
        state.tell_settled(revision);
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
        let worse = waiting.watch.as_ref().and_then(|watch| watch.worse(self));
        if let Some(why) = worse {
            self.revert(&mut state, &why);
            return state.waiting.is_some().then_some(LOOK);
        }
        if now < waiting.deadline {
            let rest = waiting.deadline - now;
            return Some(if waiting.watch.is_some() { rest.min(LOOK) } else { rest });
        }
        if waiting.stays {
            let revision = waiting.revision;
            // Where that cannot be noted it is tried again: a restart would take the revision back.
            if let Err(error) = state.keeping.confirm(revision, "proxyd") {
                let error: &dyn std::error::Error = &error;
                tracing::error!(revision, error, "revision has stood its trial, which cannot be noted");
                return Some(LOOK);
            }
            state.waiting = None;
            state.tell_settled(revision);
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
