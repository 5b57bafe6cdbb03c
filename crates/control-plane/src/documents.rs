//! The one owner of the document: the file's layer, the API's layer on top, and every revision of the two.
//!
//! A change goes one way, whoever wants it:
//! ```text
//! edits, file, rollback -> steps on the layers -> document -> plan -> publication -> kept on the disk -> served
//! ```
//! Each arrow may refuse it, and nothing has changed then; behind the last but one nothing can fail. All of it happens under one
//! lock. What is unchanged is shared with what was served before, from the objects of the document to the routes and upstreams
//! of the snapshot, so that the change of one route among many costs little.

mod body;
mod checking;
mod commit;
mod difference;
mod edits;
mod faults;
mod history;
mod keep;
mod layers;
mod looking;
mod opening;
mod pending;
mod reading;
mod run;
mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use proxy_core::ListenAddress;
use proxy_core::events::RevisionTurn;
use tokio::sync::Notify;

use crate::changes::{Applied, Change, ChangeError, How, Planned, Revision, View, What};
use crate::{ControlPlane, Factories, Plan};
use commit::Proposal;
use history::{FileState, History};
use keep::Keeping;
use layers::Layers;
use pending::Waiting;
use watch::Spoilt;

pub use checking::{Checked, check_file};
pub use opening::{OpenError, Opening};

/// The one owner of the document. Changes are made one after another, each whole or not at all. Cheap to clone; all clones are
/// the same.
#[derive(Clone)]
pub struct Documents {
    inner: Arc<Inner>,
}

struct Inner {
    control: ControlPlane,
    factories: Factories,
    /// The file of the file's layer.
    path: PathBuf,
    /// What that looked like before it was read for the first time.
    read_at: Option<run::Stamp>,
    /// Where it is listened at, with the ports that the system chose.
    bound: Vec<ListenAddress>,
    view: ArcSwap<View>,
    /// The revision that waits, for whoever does not want to wait for a change that is being made.
    pending: ArcSwapOption<Revision>,
    state: Mutex<State>,
    /// Tells the runner that something waits for its time.
    changed: Notify,
}

/// What is locked while something changes.
struct State {
    layers: Layers,
    history: History,
    /// The newest revision.
    number: u64,
    file: FileState,
    keeping: Keeping,
    waiting: Option<Waiting>,
    spoilt: Spoilt,
    /// What the document that is served was compiled to.
    plan: Plan,
}

impl Documents {
    /// The document that is served.
    pub fn view(&self) -> Arc<View> {
        self.inner.view.load_full()
    }

    /// What a change would do. Blocks while it compiles.
    ///
    /// # Errors
    /// Why it would be refused.
    pub fn plan(&self, change: &Change) -> Result<Planned, ChangeError> {
        let mut state = self.state();
        let known = state.keeping.secrets();
        let proposed = self.proposed(&mut state, change);
        let planned = proposed.and_then(|proposal| self.plan_of(&state, &proposal));
        state.forget_secrets_beyond(known);
        planned
    }

    /// Makes a change: it is safe on the disk and served when this returns. Blocks: nothing for a worker's thread.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn apply(&self, change: &Change, how: &How) -> Result<Applied, ChangeError> {
        let outcome = self.state().tried(|state| {
            let proposal = self.proposed(state, change)?;
            self.commit(state, proposal, how)
        });
        self.told(how, outcome)
    }

    /// Keeps a revision that waits for its confirmation.
    ///
    /// # Errors
    /// [`ChangeError::NotPending`] where it does not wait, or not any more.
    pub fn confirm(&self, revision: u64, by: &str) -> Result<(), ChangeError> {
        self.confirm_in(&mut self.state(), revision, by)
    }

    /// Serves the document of a former revision again, as a new revision.
    ///
    /// Where the file said something else then, what it said is served until the file changes again, or is asked for by
    /// [`reload`](Self::reload).
    ///
    /// # Errors
    /// Why it cannot be served; nothing has changed then.
    pub fn roll_back(&self, to: u64, how: &How) -> Result<Applied, ChangeError> {
        let mut state = self.state();
        let proposed = Self::former(&state, to);
        self.told(how, proposed.and_then(|proposal| self.commit(&mut state, proposal, how)))
    }

    /// What [`roll_back`](Self::roll_back) would do.
    ///
    /// # Errors
    /// Why it would be refused.
    pub fn plan_roll_back(&self, to: u64) -> Result<Planned, ChangeError> {
        let state = self.state();
        let proposal = Self::former(&state, to)?;
        self.plan_of(&state, &proposal)
    }

    /// Reads the file again, and serves what it says now.
    ///
    /// # Errors
    /// Why it cannot be served; nothing has changed then.
    pub fn reload(&self, by: &str) -> Result<Applied, ChangeError> {
        let how = How::by(by);
        let outcome = self.state().tried(|state| {
            let proposal = self.read_again(state)?;
            self.commit(state, proposal, &how)
        });
        self.told(&how, outcome)
    }

    /// The revisions that are remembered, the newest first.
    pub fn revisions(&self) -> Vec<Arc<Revision>> {
        self.state().history.newest_first().map(|past| Arc::clone(&past.revision)).collect()
    }

    /// A revision that is remembered.
    pub fn revision(&self, number: u64) -> Option<Arc<Revision>> {
        self.state().history.get(number).map(|past| Arc::clone(&past.revision))
    }

    /// The revision that waits for its confirmation.
    pub fn pending(&self) -> Option<Arc<Revision>> {
        self.inner.pending.load_full()
    }

    /// The file of the file's layer.
    pub fn file(&self) -> &std::path::Path {
        &self.inner.path
    }

    /// Backends, certificates, and the engine.
    pub fn control(&self) -> &ControlPlane {
        &self.inner.control
    }

    /// Tells those who listen of a change that is refused.
    fn told(&self, how: &How, outcome: Result<Applied, ChangeError>) -> Result<Applied, ChangeError> {
        if let Err(error) = &outcome {
            self.tell(RevisionTurn::Refused, None, &how.by, error.to_string());
        }
        outcome
    }

    fn proposed(&self, state: &mut State, change: &Change) -> Result<Proposal, ChangeError> {
        let view = self.view();
        let edited = state.edited(change, &view)?;
        Ok(Proposal {
            steps: edited.steps,
            places: edited.places,
            warnings: edited.warnings,
            file: state.file.clone(),
            what: What::Write,
        })
    }

    /// What serves a former revision again.
    fn former(state: &State, to: u64) -> Result<Proposal, ChangeError> {
        let unknown = ChangeError::UnknownRevision { revision: to };
        let (back, mut file) = state.history.back_to(to).ok_or(unknown)?;
        let steps = state.steps_of(back.into_iter())?;
        let current = &state.file;
        if file.digest == current.digest {
            file.clone_from(current);
        } else {
            let present = current.passed_over.as_ref().unwrap_or(&current.digest);
            file.passed_over = Some(present.clone()).filter(|present| *present != file.digest);
        }
        Ok(Proposal { file, ..Proposal::of(steps, What::RolledBack { to }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Documents").field("file", &self.inner.path).finish_non_exhaustive()
    }
}

impl State {
    /// Where a change that came to nothing has left secrets: forgets them.
    fn forget_secrets_beyond(&mut self, known: usize) {
        if self.keeping.secrets() > known {
            self.forget_secrets();
        }
    }

    /// Tries something; the secrets of what comes to no revision are forgotten.
    fn tried<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, ChangeError>) -> Result<T, ChangeError> {
        let (known, number) = (self.keeping.secrets(), self.number);
        let outcome = work(self);
        if self.number == number {
            self.forget_secrets_beyond(known);
        }
        outcome
    }

    /// What edits come to.
    fn edited(&mut self, change: &Change, view: &View) -> Result<edits::Edited, ChangeError> {
        let Self { layers, keeping, .. } = self;
        let keeping = std::cell::RefCell::new(keeping);
        let mut ground = edits::Ground {
            layers,
            view,
            unseal: &|marker| keeping.borrow().unseal(marker),
            seal: &mut |secret| keeping.borrow_mut().seal(secret),
        };
        edits::steps(change, &mut ground)
    }
}
