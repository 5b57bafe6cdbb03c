//! The first document of a process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use arc_swap::{ArcSwap, ArcSwapOption};
use config::{Document, Errors, Key, Kind, Loaded, Problem, State, StateDir, Surroundings};
use proxy_core::{Listeners, Proxy};
use tokio::sync::Notify;

use super::edits::is_files_own;
use super::history::{FileState, History, Past};
use super::keep::{self, Keeping, OpenedKeeping, Owed};
use super::layers::{Held, Layers};
use super::run::Stamp;
use super::watch::Spoilt;
use super::{Documents, Inner, State as Inside, difference, looking, reading};
use crate::changes::{ChangeError, Owner, Revision, What};
use crate::compile::{self, compile};
use crate::control::BuildFailure;
use crate::store::{self, Record};
use crate::{ControlPlane, Factories, Plan};

/// Why there is nothing to serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The document is wrong.
    #[error(transparent)]
    Document(#[from] Errors),
    /// What was kept cannot be read.
    #[error("the state cannot be read: {}", describe(.0))]
    State(ChangeError),
}

fn describe(error: &ChangeError) -> String {
    match error {
        ChangeError::InUse { path } => format!(
            "another process has {}; give this one a directory of its own (`state: {{ dir: ... }}`), or none (`state: none`)",
            path.display()
        ),
        _ => {
            let source = std::error::Error::source(error).map(|source| format!(": {source}"));
            format!("{error}{}", source.unwrap_or_default())
        }
    }
}

/// The first document of a process: read and compiled, and not served yet.
pub struct Opening {
    path: PathBuf,
    read_at: Option<Stamp>,
    factories: Factories,
    loaded: Loaded,
    plan: Plan,
    layers: Layers,
    history: History,
    number: u64,
    file: FileState,
    keeping: Keeping,
    problems: Vec<String>,
}

impl Opening {
    /// Reads the file, and what the API was told before, from the directory of the state. What is there and is of no use is set
    /// aside, which [`problems`](Self::problems) tells.
    ///
    /// # Errors
    /// Everything that is wrong with the document, or that what was kept cannot be read.
    pub fn read(path: &Path, factories: Factories) -> Result<Self, OpenError> {
        let read_at = Stamp::of(path);
        let loaded = config::load(path)?;
        let most = history(&loaded.document);
        let dir = compile::state_dir(&loaded.document);
        let mut opened = Keeping::open(dir.as_deref(), most).map_err(OpenError::State)?;
        let file = reading::layer(&loaded, &BTreeMap::new(), &mut |secret| opened.keeping.seal(secret));
        let found = Found::of(&mut opened, file);
        let told = |errors: Errors| tell_all(&errors, &opened.problems);
        let layers = found.layers(&opened.keeping).map_err(told)?;
        let loaded = if found.is_files_alone() {
            loaded
        } else {
            let objects = layers.in_order().into_iter().map(|(_, _, held)| held.object.clone()).collect();
            Loaded::assemble(objects, &Surroundings::of_process()).map_err(told)?
        };
        let mut plan = compile(&loaded, &factories).map_err(told)?;
        plan.warnings.extend(shadows(&layers, &loaded));
        let OpenedKeeping { keeping, base, layers: kept, records, unconfirmed, problems } = opened;
        let mut opening = Self {
            path: path.to_owned(),
            read_at,
            factories,
            loaded,
            plan,
            layers,
            history: History::new(most),
            number: 1,
            file: found.state,
            keeping,
            problems,
        };
        opening.remember(base, &kept, (records, unconfirmed));
        opening.note_change(&kept, found.whole);
        Ok(opening)
    }

    /// What was compiled, its warnings, the addresses to bind.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The document.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// What was wrong with what was kept, in sentences for the log.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// A proxy that serves the document, and the owner of it. The caller binds the plan's addresses, says here what was bound, and
    /// runs both.
    ///
    /// # Errors
    /// What cannot be served; never but for files that have changed meanwhile.
    pub fn build(mut self, listeners: &Listeners) -> Result<(Proxy, Documents), BuildFailure> {
        let bound: Vec<_> = listeners.addresses().collect();
        self.plan.note_addresses(&bound);
        let (proxy, control) = ControlPlane::build(self.plan.clone())?;
        if self.keeping.is_used()
            && let Some(last) = self.history.last()
            && let Err(error) = self.keeping.catch_up(&self.layers, (&last.revision, &self.file))
        {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "what is served now cannot be noted among the revisions");
        }
        let view = looking::first(self.number, self.loaded, &self.layers);
        let state = Inside {
            layers: self.layers,
            history: self.history,
            number: self.number,
            file: self.file,
            keeping: self.keeping,
            waiting: None,
            spoilt: Spoilt::default(),
            plan: self.plan,
        };
        let inner = Inner {
            control,
            factories: self.factories,
            path: self.path,
            read_at: self.read_at,
            bound,
            view: ArcSwap::from_pointee(view),
            pending: ArcSwapOption::empty(),
            state: Mutex::new(state),
            changed: Notify::new(),
        };
        Ok((proxy, Documents { inner: Arc::new(inner) }))
    }

    /// Remembers the revisions that were kept, and that the last one was taken back where nobody had confirmed it.
    fn remember(
        &mut self,
        mut before: store::Layers,
        kept: &store::Layers,
        (records, unconfirmed): (Vec<Record>, Option<u64>),
    ) {
        for record in records {
            self.number = record.number;
            let file = FileState {
                digest: record.file_digest.clone().unwrap_or_default(),
                passed_over: record.pinned_from.clone(),
            };
            let undo = before.undoing(&record.changes);
            let revision = Arc::new(told(&record, &before));
            before.apply(&record.changes);
            self.history.push(Past { revision, undo, file });
        }
        let Some(revision) = unconfirmed else { return };
        let why = "the process ended before it was confirmed".to_owned();
        let back = self.history.get(revision).map(|past| past.undo.clone()).unwrap_or_default();
        let file = self.history.file_before(revision).unwrap_or_default();
        let taken_back = Revision {
            number: self.keeping.next_number(self.number),
            at: SystemTime::now(),
            by: "proxyd".into(),
            what: What::Reverted { revision, why },
            changes: difference::of_kept(&before, &back),
            pending_until: None,
        };
        self.number = taken_back.number;
        self.keeping.owe(Owed { revision: taken_back.clone(), changes: back.clone(), file: file.clone() });
        let undo = before.undoing(&back);
        before.apply(&back);
        debug_assert_eq!(before, *kept);
        self.history.push(Past { revision: Arc::new(taken_back), undo, file });
    }

    /// Notes what is served though it is not what was kept: the file says something else now, or the API's objects are those of
    /// a former revision, as secrets are lost.
    fn note_change(&mut self, kept: &store::Layers, whole: Option<u64>) {
        let is_first = self.history.last().is_none();
        let changes = if is_first { Vec::new() } else { keep::missing(kept, &self.layers) };
        if !is_first && changes.is_empty() {
            return;
        }
        let what = match whole {
            _ if is_first => What::Start,
            Some(to) => What::RolledBack { to },
            None => What::File,
        };
        self.number = self.keeping.next_number(if is_first { 0 } else { self.number });
        let revision = Revision {
            number: self.number,
            at: SystemTime::now(),
            by: if whole.is_some() { "proxyd".into() } else { "file".into() },
            what,
            changes: difference::of_kept(kept, &changes),
            pending_until: None,
        };
        let undo = kept.undoing(&changes);
        self.history.push(Past { revision: Arc::new(revision), undo, file: self.file.clone() });
        self.keeping.fall_behind();
    }
}

/// What is to be served of what was found.
struct Found {
    /// The file's layer as it is, or as it was where somebody went back to that.
    file: FilesLayer,
    state: FileState,
    api: BTreeMap<Key, store::Entry>,
    /// The revision that the API's layer is of, where it is not the last one.
    whole: Option<u64>,
}

enum FilesLayer {
    Read(BTreeMap<Key, Held>),
    /// Of this, what is the file's alone is read.
    Kept(BTreeMap<Key, store::Entry>, BTreeMap<Key, Held>),
}

impl Found {
    /// Decides it, and tells what is lost.
    fn of(opened: &mut OpenedKeeping, file: BTreeMap<Key, Held>) -> Self {
        let digest = reading::digest(&file);
        let last = opened.records.iter().rfind(|record| Some(record.number) != opened.unconfirmed);
        let is_passed_over = last.is_some_and(|last| last.pinned_from.as_ref() == Some(&digest));
        let kept = opened.layers.of(store::Layer::File);
        let (file, state) = if is_passed_over && opened.keeping.knows_all(kept) {
            let of_kept = last.and_then(|last| last.file_digest.clone()).unwrap_or_default();
            let state = FileState { digest: of_kept, passed_over: Some(digest) };
            (FilesLayer::Kept(kept.clone(), file), state)
        } else {
            (FilesLayer::Read(file), FileState { digest, passed_over: None })
        };
        let mut found = Self { file, state, api: opened.layers.of(store::Layer::Api).clone(), whole: None };
        if !opened.keeping.knows_all(&found.api) {
            found.go_back(opened);
        }
        found
    }

    /// Takes the API's layer of the last revision whose secrets are all known, or none of it.
    fn go_back(&mut self, opened: &mut OpenedKeeping) {
        let mut layers = opened.base.clone();
        let (mut whole, mut api) = (0, BTreeMap::new());
        for record in opened.records.iter().filter(|record| Some(record.number) != opened.unconfirmed) {
            layers.apply(&record.changes);
            if opened.keeping.knows_all(layers.of(store::Layer::Api)) {
                (whole, api) = (record.number, layers.of(store::Layer::Api).clone());
            }
        }
        let served = match whole {
            0 => "none of the API's objects is served".to_owned(),
            number => format!("the API's objects are those of revision {number}"),
        };
        opened
            .problems
            .push(format!("secrets that the API's objects name are lost (secrets.json): {served}"));
        (self.whole, self.api) = (Some(whole), api);
    }

    /// The file is served as it is, and nothing else.
    fn is_files_alone(&self) -> bool {
        matches!(self.file, FilesLayer::Read(_)) && self.api.is_empty()
    }

    fn layers(&self, keeping: &Keeping) -> Result<Layers, Errors> {
        let file = match &self.file {
            FilesLayer::Read(file) => file.clone(),
            FilesLayer::Kept(kept, read) => {
                let mut layer = held(keeping, Owner::File, kept)?;
                layer.retain(|key, _| !is_files_own(key));
                layer.extend(
                    read.iter()
                        .filter(|(key, _)| is_files_own(key))
                        .map(|(key, held)| (key.clone(), held.clone())),
                );
                layer
            }
        };
        Ok(Layers::of(file, held(keeping, Owner::Api, &self.api)?))
    }
}

/// What is wrong with the document, behind what is wrong with what was kept, which may be its cause.
fn tell_all(errors: &Errors, problems: &[String]) -> OpenError {
    let of_state = problems.iter().map(|problem| Problem::of_file("the state", problem.clone()));
    OpenError::Document(of_state.chain(errors.problems().iter().cloned()).collect::<Vec<_>>().into())
}

/// So many revisions are remembered.
fn history(document: &Document) -> usize {
    let default = StateDir::default();
    let dir = match &document.state {
        Some(State::Dir(dir)) => dir,
        _ => &default,
    };
    usize::try_from(dir.history).unwrap_or(usize::MAX)
}

/// A revision as it was kept, as it is told.
fn told(record: &Record, before: &store::Layers) -> Revision {
    let what = keep::what_of(&record.what);
    // All objects of the first document are new: that says nothing.
    let changes = match what {
        What::Start => Vec::new(),
        _ => difference::of_kept(before, &record.changes),
    };
    Revision {
        number: record.number,
        at: record.at,
        by: record.by.clone(),
        what,
        changes,
        pending_until: None,
    }
}

/// A layer as it was kept.
pub(super) fn held(
    keeping: &Keeping,
    owner: Owner,
    kept: &BTreeMap<Key, store::Entry>,
) -> Result<BTreeMap<Key, Held>, Errors> {
    let mut problems = Vec::new();
    let mut held = BTreeMap::new();
    for (key, entry) in kept {
        match keeping.held(owner, key, entry) {
            Ok(object) => {
                held.insert(key.clone(), object);
            }
            Err(errors) => problems.extend(errors.problems().iter().cloned()),
        }
    }
    if problems.is_empty() { Ok(held) } else { Err(problems.into()) }
}

/// Objects of the file that nobody sees, as the API has others of the same key.
pub(super) fn shadows(layers: &Layers, loaded: &Loaded) -> Vec<Problem> {
    let api = layers.layer(Owner::Api).keys();
    let file = api.filter_map(|key| Some((key, layers.get(Owner::File, key)?)));
    file.map(|(key, held)| {
        let message = format!("`{key}` of the file is shadowed: the API has another one, which is served");
        let mut problem = Problem::of_file(loaded.file(), message);
        problem.place = held.object.file().map(|(_, place)| place);
        problem.hint = Some(match verb(key) {
            Some(verb) => format!("`proxyd ctl {verb} delete {}` serves the file's again", key.id),
            None => "a document that is applied without it serves the file's again".to_owned(),
        });
        problem
    })
    .collect()
}

fn verb(key: &Key) -> Option<&'static str> {
    match key.kind {
        Kind::Route => Some("routes"),
        Kind::Upstream => Some("upstreams"),
        Kind::Certificate => Some("certs"),
        _ => None,
    }
}
