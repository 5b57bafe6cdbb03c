//! The first document of a process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use config::{Document, Errors, Key, Loaded, Problem, State, StateDir, Surroundings};
use proxy_core::{Listeners, Proxy};
use tokio::sync::Notify;

use super::history::{FileState, History, Past};
use super::keep::{self, Keeping, OpenedKeeping};
use super::layers::{Held, Layers};
use super::run::Stamp;
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
        let OpenedKeeping { mut keeping, base, layers: kept, records, problems } =
            Keeping::open(dir.as_deref(), most).map_err(OpenError::State)?;
        let file = reading::layer(&loaded, &BTreeMap::new(), &mut |secret| keeping.seal(secret));
        let digest = reading::digest(&file);
        let last = records.iter().rfind(|record| !record.is_pending());
        let passed_over = last.and_then(|last| last.pinned_from.as_ref()).filter(|from| **from == digest);
        let (file, state) = match passed_over {
            Some(from) => {
                let digest = last.and_then(|last| last.file_digest.clone()).unwrap_or_default();
                let layer = held(&keeping, Owner::File, kept.of(store::Layer::File))?;
                (layer, FileState { digest, passed_over: Some(from.clone()) })
            }
            None => (file, FileState { digest, passed_over: None }),
        };
        let is_files_alone = passed_over.is_none() && kept.api.is_empty();
        let layers = Layers::of(file, held(&keeping, Owner::Api, kept.of(store::Layer::Api))?);
        let loaded = if is_files_alone {
            loaded
        } else {
            let objects = layers.in_order().into_iter().map(|(_, _, held)| held.object.clone()).collect();
            Loaded::assemble(objects, &Surroundings::of_process())?
        };
        let mut plan = compile(&loaded, &factories)?;
        plan.warnings.extend(shadows(&layers, &loaded));
        let mut opening = Self {
            path: path.to_owned(),
            read_at,
            factories,
            loaded,
            plan,
            layers,
            history: History::new(most),
            number: 1,
            file: state,
            keeping,
            problems,
        };
        opening.remember(base, &kept, records);
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
        let view = looking::first(self.number, self.loaded, &self.layers);
        let state = Inside {
            layers: self.layers,
            history: self.history,
            number: self.number,
            file: self.file,
            keeping: self.keeping,
            waiting: None,
            plan: self.plan,
        };
        let inner = Inner {
            control,
            factories: self.factories,
            path: self.path,
            read_at: self.read_at,
            bound,
            view: ArcSwap::from_pointee(view),
            state: Mutex::new(state),
            changed: Notify::new(),
        };
        Ok((proxy, Documents { inner: Arc::new(inner) }))
    }

    /// Remembers the revisions that were kept, and adds one where the file says something else now.
    fn remember(&mut self, mut before: store::Layers, kept: &store::Layers, records: Vec<Record>) {
        let is_first = records.is_empty();
        for record in records {
            self.number = record.number;
            if record.is_pending() {
                continue;
            }
            let file = FileState {
                digest: record.file_digest.clone().unwrap_or_default(),
                passed_over: record.pinned_from.clone(),
            };
            let undo = before.undoing(&record.changes);
            let revision = Arc::new(told(&record, &before));
            before.apply(&record.changes);
            self.history.push(Past { revision, undo, file });
        }
        let changes = if is_first { Vec::new() } else { keep::missing(kept, &self.layers) };
        if !is_first && changes.is_empty() {
            return;
        }
        let number = if is_first { 1 } else { self.keeping.next_number(self.number) };
        self.number = self.keeping.next_number(number - 1).max(number);
        let revision = Revision {
            number: self.number,
            at: SystemTime::now(),
            by: "file".into(),
            what: if is_first { What::Start } else { What::File },
            changes: difference::of_kept(kept, &changes),
            pending_until: None,
        };
        let undo = kept.undoing(&changes);
        self.history.push(Past { revision: Arc::new(revision), undo, file: self.file.clone() });
        self.keeping.fall_behind();
    }
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
        problem.hint = Some(format!("`proxyd ctl {} delete {}` serves the file's again", verb(key), key.id));
        problem
    })
    .collect()
}

fn verb(key: &Key) -> &'static str {
    match key.kind {
        config::Kind::Route => "routes",
        config::Kind::Upstream => "upstreams",
        config::Kind::Certificate => "certs",
        _ => "document",
    }
}
