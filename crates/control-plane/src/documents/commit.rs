//! The way of a change: from steps on the layers to what is served.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use config::{Document, Key, Loaded, Problem, Surroundings};
use proxy_core::events::{RevisionTurn, RevisionTurned};

use super::edits::is_files_own;
use super::faults;
use super::history::{FileState, Past};
use super::keep::Owed;
use super::layers::{Held, Layers, Step};
use super::pending::Waiting;
use super::{Documents, State, difference, keep, looking};
use crate::changes::{Applied, ChangeError, How, Owner, Planned, Revision, What};
use crate::compile::{Former, compile_next};
use crate::control::Publication;
use crate::store::{self, ObjectChange};
use crate::{Plan, PublishError};

/// What is to be done to the layers.
pub(super) struct Proposal {
    pub(super) steps: Vec<Step>,
    /// Of each object that an edit names: the edit, and where it stands in its value.
    pub(super) places: HashMap<Key, (usize, String)>,
    pub(super) warnings: Vec<Problem>,
    /// What the file's layer is read from then.
    pub(super) file: FileState,
    pub(super) what: What,
}

impl Proposal {
    /// Steps that no edit asks for.
    pub(super) fn of(steps: Vec<Step>, what: What) -> Self {
        Self { steps, places: HashMap::new(), warnings: Vec::new(), file: FileState::default(), what }
    }
}

/// A proposal that can be served.
struct Ready {
    loaded: Loaded,
    plan: Plan,
}

impl Ready {
    /// What is allowed but can hardly be meant, as far as it is about what changes.
    fn warnings(&self, proposal: &Proposal) -> Vec<Problem> {
        let touched: HashSet<&Key> = proposal.steps.iter().map(|step| &step.key).collect();
        let of_document = self.loaded.warnings();
        let about = of_document
            .into_iter()
            .filter(|problem| problem.object.as_ref().is_some_and(|(key, _)| touched.contains(key)));
        proposal.warnings.iter().cloned().chain(self.plan.warnings.iter().cloned()).chain(about).collect()
    }
}

/// What was served before a revision that may be taken back: with that at hand, nothing need be read again.
pub(super) struct Before {
    loaded: Loaded,
    plan: Plan,
}

/// What a process takes up at its start alone.
fn needs_restart(before: &Document, after: &Document) -> Option<&'static str> {
    if before.admin != after.admin {
        Some("`admin`")
    } else if before.state != after.state {
        Some("`state`")
    } else if before.logging != after.logging {
        Some("`logging`")
    } else {
        None
    }
}

impl Documents {
    /// What a proposal would change.
    pub(super) fn plan_of(&self, state: &State, proposal: &Proposal) -> Result<Planned, ChangeError> {
        let changes = difference::of_steps(&state.layers, &proposal.steps);
        let mut warnings = proposal.warnings.clone();
        if !proposal.steps.is_empty() {
            let ready = self.ready(state, proposal)?;
            // It is not installed: that it can be is what is asked for.
            drop(self.publication(&ready, proposal)?);
            warnings = ready.warnings(proposal);
        }
        let live = self.live(&changes);
        Ok(Planned { revision: state.number, changes, live, warnings })
    }

    /// Makes a change.
    pub(super) fn commit(
        &self,
        state: &mut State,
        proposal: Proposal,
        how: &How,
    ) -> Result<Applied, ChangeError> {
        if let Some(waiting) = &state.waiting {
            return Err(ChangeError::Pending { revision: waiting.revision, until: waiting.until });
        }
        if proposal.steps.is_empty() {
            state.file = proposal.file;
            return Ok(Applied {
                revision: state.number,
                is_changed: false,
                changes: Vec::new(),
                pending_until: None,
                warnings: proposal.warnings,
            });
        }
        let ready = self.ready(state, &proposal)?;
        let publication = self.publication(&ready, &proposal)?;
        let mut revision = state.next_revision(&proposal, how);
        let next = &ready.loaded.document;
        let waits = revision.pending_until.map(|until| {
            let watch = self.watch(state, how.revert_on.as_ref(), (&revision.changes, next));
            let before = Before { loaded: self.view().loaded.clone(), plan: state.plan.clone() };
            (until, watch, before)
        });
        state.keep(&mut revision, &proposal)?;
        publication.install();
        let warnings = ready.warnings(&proposal);
        let revision = Arc::new(revision);
        // Before it is told: whoever sees it sees that it waits.
        if let Some((until, watch, before)) = waits {
            self.wait(state, &revision, Waiting::of(&revision, until, (how, watch, before)));
        }
        self.settle(state, ready, &revision, proposal);
        state.keeping.tidy();
        Ok(Applied {
            revision: revision.number,
            is_changed: true,
            changes: revision.changes.clone(),
            pending_until: revision.pending_until,
            warnings,
        })
    }

    /// Reads, checks and compiles what a proposal comes to.
    fn ready(&self, state: &State, proposal: &Proposal) -> Result<Ready, ChangeError> {
        let view = self.view();
        let invalid =
            |errors: config::Errors| ChangeError::Invalid { faults: faults::of(&errors, &proposal.places) };
        let loaded = loaded(&state.layers, &proposal.steps, &view.loaded).map_err(invalid)?;
        if let Some(what) = needs_restart(&view.loaded.document, &loaded.document) {
            return Err(ChangeError::NeedsRestart { what: what.into() });
        }
        let former = Former { document: &view.loaded.document, plan: &state.plan };
        let mut plan = compile_next(&loaded, &self.inner.factories, Some(&former)).map_err(invalid)?;
        plan.note_addresses(&self.inner.bound);
        Ok(Ready { loaded, plan })
    }

    fn publication(&self, ready: &Ready, proposal: &Proposal) -> Result<Publication<'_>, ChangeError> {
        self.inner.control.prepare(&ready.plan).map_err(|error| match error {
            PublishError::NeedsRestart { what } => ChangeError::NeedsRestart { what: what.into() },
            PublishError::Tls(message) => {
                ChangeError::Invalid { faults: vec![faults::of_document(message, &proposal.places)] }
            }
            PublishError::Build(error) => {
                let path = crate::compile::path_of(&ready.loaded.document, &error);
                let errors = ready.loaded.problem(&path, error.to_string(), None).into();
                ChangeError::Invalid { faults: faults::of(&errors, &proposal.places) }
            }
        })
    }

    /// Takes what is served now for what is.
    fn settle(&self, state: &mut State, ready: Ready, revision: &Arc<Revision>, proposal: Proposal) {
        let view = self.view();
        let view = looking::view(revision.number, ready.loaded, &state.layers, &proposal.steps, &view);
        let undo = state.layers.take_all(proposal.steps).iter().map(keep::change).collect();
        state.plan = ready.plan;
        state.file = proposal.file;
        state.number = revision.number;
        state.history.push(Past { revision: Arc::clone(revision), undo, file: state.file.clone() });
        // Now and then: all that is remembered is looked through for what it names.
        if revision.number.is_multiple_of(64) {
            state.forget_secrets();
        }
        self.inner.view.store(Arc::new(view));
        let turn = match revision.what {
            What::Reverted { .. } => RevisionTurn::Reverted,
            _ => RevisionTurn::Applied,
        };
        self.tell(turn, Some(revision.number), &revision.by, revision.summary());
        tracing::info!(
            revision = revision.number,
            by = revision.by,
            what = revision.what.as_str(),
            changes = revision.summary(),
            "another document is served"
        );
    }

    /// Tells those who listen what became of a revision.
    pub(super) fn tell(&self, turn: RevisionTurn, number: Option<u64>, by: &str, summary: String) {
        let events = self.inner.control.handle().events();
        events.emit(RevisionTurned::new(turn, number, by, summary));
    }

    /// Takes the revision back that waits, whatever the disk says: what is on it would not be served after a restart either.
    /// Where that cannot be, it is to be tried again.
    pub(super) fn revert(&self, state: &mut State, why: &str) {
        let Some(waiting) = state.waiting.take() else { return };
        let number = waiting.revision;
        match self.take_back(state, &waiting, why) {
            Ok(()) => {
                self.remember(state, waiting.watch);
                self.wait_no_more(state, number);
                tracing::warn!(revision = number, why, "revision is taken back");
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(revision = number, why, error, "revision cannot be taken back yet");
                state.waiting = Some(waiting.put_off());
            }
        }
    }

    fn take_back(&self, state: &mut State, waiting: &Waiting, why: &str) -> Result<(), ChangeError> {
        let what = What::Reverted { revision: waiting.revision, why: why.to_owned() };
        let proposal = state.undoing(waiting.revision, what)?;
        let Before { loaded, plan } = &waiting.before;
        let ready = Ready { loaded: loaded.clone(), plan: plan.clone() };
        let publication = self.publication(&ready, &proposal)?;
        let mut revision = state.next_revision(&proposal, &How::by("proxyd"));
        if let Err(error) = state.keep(&mut revision, &proposal) {
            let error: &dyn std::error::Error = &error;
            tracing::error!(
                error,
                "a revision that was taken back cannot be noted yet: a restart takes it back again"
            );
            revision.number = state.keeping.next_number(state.number);
            state.keeping.owe(Owed {
                revision: revision.clone(),
                changes: proposal.steps.iter().map(keep::change).collect(),
                file: proposal.file.clone(),
            });
        }
        publication.install();
        self.settle(state, ready, &Arc::new(revision), proposal);
        Ok(())
    }
}

impl State {
    /// What takes the newest revision back.
    fn undoing(&self, number: u64, what: What) -> Result<Proposal, ChangeError> {
        let undo = self.history.get(number).map(|past| past.undo.as_slice()).unwrap_or_default();
        let steps = self.steps_of(undo.iter())?;
        let file = self.history.file_before(number).unwrap_or_else(|| self.file.clone());
        Ok(Proposal { file, ..Proposal::of(steps, what) })
    }

    /// Changes that were kept as steps, the last word on each object alone, and what makes a difference alone.
    pub(super) fn steps_of<'a>(
        &self,
        changes: impl Iterator<Item = &'a ObjectChange>,
    ) -> Result<Vec<Step>, ChangeError> {
        let mut last: BTreeMap<(Owner, &Key), Option<&store::Entry>> = BTreeMap::new();
        for change in changes {
            last.insert((keep::owner(change.layer), &change.key), change.after.as_ref());
        }
        let mut steps = Vec::with_capacity(last.len());
        for ((owner, key), after) in last {
            if owner == Owner::File && is_files_own(key) {
                continue;
            }
            let served = self.layers.get(owner, key);
            let after = match after {
                None => None,
                Some(entry) => match served {
                    Some(held) if held.value == entry.value => {
                        Some(Held { sequence: entry.sequence, ..held.clone() })
                    }
                    _ => {
                        let held = self.keeping.held(owner, key, entry);
                        Some(held.map_err(|errors| ChangeError::Invalid {
                            faults: faults::of(&errors, &HashMap::new()),
                        })?)
                    }
                },
            };
            let is_same = match (served, &after) {
                (None, None) => true,
                (Some(served), Some(after)) => {
                    served.value == after.value && served.sequence == after.sequence
                }
                _ => false,
            };
            if !is_same {
                steps.push(Step { owner, key: key.clone(), after });
            }
        }
        Ok(steps)
    }

    fn next_revision(&self, proposal: &Proposal, how: &How) -> Revision {
        let now = SystemTime::now();
        let reservation = how.confirm.or(how.revert_on.as_ref().map(|on| on.watch));
        Revision {
            number: self.keeping.next_number(self.number),
            at: now,
            by: bounded(&how.by),
            what: proposal.what.clone(),
            changes: difference::of_steps(&self.layers, &proposal.steps),
            pending_until: reservation.map(|time| now + time),
        }
    }
}

const LONGEST_NAME: usize = 256;

fn bounded(by: &str) -> String {
    let end = (0..=by.len().min(LONGEST_NAME)).rev().find(|end| by.is_char_boundary(*end)).unwrap_or(0);
    by.get(..end).unwrap_or_default().to_owned()
}

/// The document after some steps. Where these are few and come behind what is there, what they do not touch is not read again.
fn loaded(layers: &Layers, steps: &[Step], served: &Loaded) -> Result<Loaded, config::Errors> {
    let surroundings = Surroundings::of_process();
    if is_small(layers, steps) {
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        for step in steps {
            let file = layers.get(Owner::File, &step.key);
            match step.after.as_ref().or(file) {
                Some(held) => put.push((step.key.kind, held.sequence, held.object.clone())),
                None => gone.push(step.key.clone()),
            }
        }
        put.sort_by_key(|(kind, sequence, _)| (*kind, *sequence));
        let put = put.into_iter().map(|(_, _, object)| object).collect();
        return served.with(put, &gone, &surroundings);
    }
    let mut layers = layers.clone();
    layers.take_all(steps.to_vec());
    Loaded::assemble(
        layers.in_order().into_iter().map(|(_, _, held)| held.object.clone()).collect(),
        &surroundings,
    )
}

/// True where steps leave the order of all that they do not touch.
fn is_small(layers: &Layers, steps: &[Step]) -> bool {
    let last = layers.last_sequence();
    steps.len() <= 64
        && steps.iter().all(|step| {
            let is_behind = |held: &Held| match layers.get(Owner::Api, &step.key) {
                _ if layers.get(Owner::File, &step.key).is_some() => true,
                Some(known) => known.sequence == held.sequence,
                None => held.sequence > last,
            };
            step.owner == Owner::Api && step.after.as_ref().is_none_or(is_behind)
        })
}
