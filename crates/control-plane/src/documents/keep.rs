//! What outlives the process: revisions, and the secrets that they name.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::SystemTime;

use config::{Key, Object, Secret};
use serde_json::Value;

use super::State;
use super::commit::Proposal;
use super::history::FileState;
use super::layers::{Held, Layers, Step};
use crate::changes::{ChangeError, Owner, Revision, What};
use crate::durable::RealDisk;
use crate::secrets::{Marker, Secrets};
use crate::store::{self, Confirmation, Entry, Keep, Layer, ObjectChange, Record, Store, StoreError};

/// Where revisions are kept, if anywhere. Nothing is written before somebody changes something: a process that has its file
/// alone leaves no trace.
pub(super) struct Keeping {
    /// `None` where they end with the process.
    store: Option<Store<RealDisk>>,
    secrets: Secrets<RealDisk>,
    /// What is served is not what is kept: the file has changed, or something could not be noted.
    is_behind: bool,
    /// A revision that was taken back, until that is noted.
    owed: Option<Owed>,
}

/// A revision that was taken back, which is not noted yet.
pub(super) struct Owed {
    /// The one that takes it back.
    pub(super) revision: Revision,
    /// What makes the layers before it of those that it made.
    pub(super) changes: Vec<ObjectChange>,
    pub(super) file: FileState,
}

/// What was kept.
pub(super) struct OpenedKeeping {
    pub(super) keeping: Keeping,
    pub(super) base: store::Layers,
    pub(super) layers: store::Layers,
    pub(super) records: Vec<Record>,
    /// The number of the last record, where nobody confirmed it.
    pub(super) unconfirmed: Option<u64>,
    pub(super) problems: Vec<String>,
}

impl Keeping {
    /// Reads what is kept in the directory of the state.
    pub(super) fn open(dir: Option<&Path>, history: usize) -> Result<OpenedKeeping, ChangeError> {
        let Some(dir) = dir else {
            let keeping = Self::of(Secrets::in_memory().map_err(told)?);
            return Ok(OpenedKeeping {
                keeping,
                base: store::Layers::default(),
                layers: store::Layers::default(),
                records: Vec::new(),
                unconfirmed: None,
                problems: Vec::new(),
            });
        };
        let keep = Keep { history, ..Keep::default() };
        let opened = Store::open(dir, keep, RealDisk).map_err(told)?;
        let secrets = Secrets::open(dir, RealDisk).map_err(told)?;
        let mut problems = opened.problems;
        problems.extend(secrets.problem);
        let unconfirmed = opened.pending.as_ref().map(|record| record.number);
        if let Some(number) = unconfirmed {
            problems.push(format!(
                "revision {number} was not confirmed before the process ended: it is taken back"
            ));
        }
        let keeping =
            Self { store: Some(opened.store), secrets: secrets.secrets, is_behind: true, owed: None };
        Ok(OpenedKeeping {
            keeping,
            base: opened.base,
            layers: opened.layers,
            records: opened.records,
            unconfirmed,
            problems,
        })
    }

    /// One that keeps nothing, and knows these secrets.
    pub(super) const fn of(secrets: Secrets<RealDisk>) -> Self {
        Self { store: None, secrets, is_behind: false, owed: None }
    }

    /// The marker of a secret.
    pub(super) fn seal(&mut self, secret: &Secret) -> String {
        self.secrets.seal(secret).to_string()
    }

    /// The secret of a marker; `None` where it is none, or unknown.
    pub(super) fn unseal(&self, marker: &str) -> Option<Secret> {
        self.secrets.get(&Marker::read(marker)?).cloned()
    }

    /// How many secrets are known.
    pub(super) fn secrets(&self) -> usize {
        self.secrets.len()
    }

    /// The number of the next revision.
    pub(super) fn next_number(&self, current: u64) -> u64 {
        let next = self.store.as_ref().map_or(1, Store::next_number);
        next.max(current + 1)
    }

    /// True where anything is kept already.
    pub(super) fn is_used(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.head() > 0)
    }

    /// What is served differs from what is kept, from now on.
    pub(super) const fn fall_behind(&mut self) {
        self.is_behind = true;
    }

    /// A revision is not served any more, which is still to be noted.
    pub(super) fn owe(&mut self, owed: Owed) {
        self.owed = Some(owed);
    }

    /// Notes what is owed, and what is served though it is not kept, such as what the file says.
    pub(super) fn catch_up(
        &mut self,
        layers: &Layers,
        last: (&Revision, &FileState),
    ) -> Result<(), ChangeError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        if self.owed.is_none() && !self.is_behind {
            return Ok(());
        }
        store.hold().map_err(told)?;
        self.secrets.save().map_err(told)?;
        if let Some(owed) = &self.owed {
            let record = Record { changes: owed.changes.clone(), ..of(&owed.revision, &owed.file) };
            append(store, record)?;
            self.owed = None;
        }
        let changes = missing(store.layers(), layers);
        if !changes.is_empty() {
            let (revision, file) = last;
            append(store, Record { changes, ..of(revision, file) })?;
        }
        self.is_behind = false;
        Ok(())
    }

    /// Keeps a revision that was made of `layers`; gives the number that it has.
    fn keep(
        &mut self,
        record: Record,
        layers: &Layers,
        last: (&Revision, &FileState),
    ) -> Result<u64, ChangeError> {
        self.catch_up(layers, last)?;
        let Some(store) = &mut self.store else { return Ok(record.number) };
        store.hold().map_err(told)?;
        self.secrets.save().map_err(told)?;
        append(store, record)
    }

    /// Removes what is too old, for when a change is served. It can go later as well.
    pub(super) fn tidy(&mut self) {
        let Some(store) = self.store.as_mut().filter(|store| store.head() > 0) else { return };
        if let Err(error) = store.tidy() {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "old revisions cannot be removed now");
        }
    }

    /// Forgets the secrets that nothing names.
    fn forget_others(&mut self, named: &HashSet<Marker>) {
        self.secrets.retain(named);
    }

    /// Keeps that a revision is confirmed.
    pub(super) fn confirm(&mut self, number: u64, by: &str) -> Result<(), ChangeError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let confirmation = Confirmation { at: SystemTime::now(), by: by.to_owned() };
        store.confirm(number, &confirmation).map_err(told)
    }
}

/// Keeps a record under its number, or a higher one where something has had that; gives the number.
fn append(store: &mut Store<RealDisk>, mut record: Record) -> Result<u64, ChangeError> {
    record.parent = store.head();
    record.number = record.number.max(store.next_number());
    store.append(&record).map_err(told)?;
    Ok(record.number)
}

/// What is missing in what is kept.
pub(super) fn missing(kept: &store::Layers, served: &Layers) -> Vec<ObjectChange> {
    let mut changes = Vec::new();
    for owner in [Owner::File, Owner::Api] {
        let (kept, served) = (kept.of(layer(owner)), served.layer(owner));
        for key in kept.keys().filter(|key| !served.contains_key(key)) {
            changes.push(ObjectChange { key: key.clone(), layer: layer(owner), after: None });
        }
        for (key, held) in served {
            let is_kept = kept
                .get(key)
                .is_some_and(|entry| entry.value == held.value && entry.sequence == held.sequence);
            if !is_kept {
                changes.push(ObjectChange {
                    key: key.clone(),
                    layer: layer(owner),
                    after: Some(entry(held)),
                });
            }
        }
    }
    changes
}

impl State {
    /// Keeps a revision, which gets its number by that. What the file says outlives the process by itself: where nothing else is
    /// kept, nothing is.
    pub(super) fn keep(&mut self, revision: &mut Revision, proposal: &Proposal) -> Result<(), ChangeError> {
        let is_files = matches!(proposal.what, What::File);
        if is_files && !self.keeping.is_used() {
            self.keeping.fall_behind();
            return Ok(());
        }
        let record = Record {
            changes: proposal.steps.iter().map(change).collect(),
            confirm_until: revision.pending_until,
            ..of(revision, &proposal.file)
        };
        let Some(last) = self.history.last() else { return Ok(()) };
        let last = std::sync::Arc::clone(&last.revision);
        match self.keeping.keep(record, &self.layers, (&last, &self.file)) {
            Ok(number) => revision.number = number,
            Err(error) if is_files => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "what the file says now cannot be noted among the revisions");
                self.keeping.fall_behind();
                revision.number = self.keeping.next_number(self.number);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl State {
    /// Forgets the secrets that neither a layer nor a revision names: those of a change that came to nothing.
    pub(super) fn forget_secrets(&mut self) {
        let mut named = HashSet::new();
        for owner in [Owner::File, Owner::Api] {
            self.layers.layer(owner).values().for_each(|held| markers(&held.value, &mut named));
        }
        let undone = self.history.newest_first().flat_map(|past| &past.undo);
        undone.filter_map(|change| change.after.as_ref()).for_each(|entry| markers(&entry.value, &mut named));
        self.keeping.forget_others(&named);
    }
}

impl Keeping {
    /// True where every secret is known that a layer names.
    pub(super) fn knows_all(&self, layer: &std::collections::BTreeMap<Key, Entry>) -> bool {
        let mut named = HashSet::new();
        layer.values().for_each(|entry| markers(&entry.value, &mut named));
        named.iter().all(|marker| self.secrets.get(marker).is_some())
    }
}

/// The markers in a value.
fn markers(value: &Value, named: &mut HashSet<Marker>) {
    match value {
        Value::String(text) => named.extend(Marker::read(text)),
        Value::Array(items) => items.iter().for_each(|item| markers(item, named)),
        Value::Object(members) => members.values().for_each(|member| markers(member, named)),
        _ => {}
    }
}

impl Keeping {
    /// An object of a layer, as it was kept.
    ///
    /// # Errors
    /// It cannot be read, as a secret of it is lost.
    pub(super) fn held(&self, owner: Owner, key: &Key, entry: &Entry) -> Result<Held, config::Errors> {
        let unseal = |marker: &str| self.unseal(marker);
        let named = match owner {
            Owner::File => format!("the file's former {key}"),
            Owner::Api => format!("the API's {key}"),
        };
        let object = Object::from_kept(key.clone(), &entry.value, &named, &unseal)?;
        Ok(Held { sequence: entry.sequence, value: entry.value.clone(), object })
    }
}

/// A revision as it is kept, but for what it did.
fn of(revision: &Revision, file: &FileState) -> Record {
    Record {
        number: revision.number,
        parent: 0,
        at: revision.at,
        by: revision.by.clone(),
        what: what(&revision.what),
        summary: String::new(),
        changes: Vec::new(),
        confirm_until: None,
        confirmed: None,
        file_digest: Some(file.digest.clone()),
        pinned_from: file.passed_over.clone(),
    }
}

fn what(what: &What) -> store::What {
    match what {
        What::Start => store::What::Start,
        What::Write => store::What::Write,
        What::File => store::What::File,
        What::RolledBack { to } => store::What::Rollback { to: *to },
        What::Reverted { revision, why } => store::What::Reverted { number: *revision, why: why.clone() },
    }
}

/// How a kept revision came about.
pub(super) fn what_of(what: &store::What) -> What {
    match what {
        store::What::Start => What::Start,
        store::What::Write => What::Write,
        store::What::File => What::File,
        store::What::Rollback { to } => What::RolledBack { to: *to },
        store::What::Reverted { number, why } => What::Reverted { revision: *number, why: why.clone() },
    }
}

pub(super) fn change(step: &Step) -> ObjectChange {
    ObjectChange { key: step.key.clone(), layer: layer(step.owner), after: step.after.as_ref().map(entry) }
}

pub(super) fn entry(held: &Held) -> Entry {
    Entry { sequence: held.sequence, value: held.value.clone() }
}

pub(super) const fn layer(owner: Owner) -> Layer {
    match owner {
        Owner::File => Layer::File,
        Owner::Api => Layer::Api,
    }
}

pub(super) const fn owner(layer: Layer) -> Owner {
    match layer {
        Layer::File => Owner::File,
        Layer::Api => Owner::Api,
    }
}

fn told(error: StoreError) -> ChangeError {
    let what = "the revision";
    match error {
        StoreError::Full { path } => {
            ChangeError::Store { what, path, is_full: true, source: std::io::ErrorKind::StorageFull.into() }
        }
        StoreError::ReadOnly { path } => ChangeError::Store {
            what,
            path,
            is_full: false,
            source: std::io::ErrorKind::ReadOnlyFilesystem.into(),
        },
        StoreError::Io { path, source } => ChangeError::Store { what, path, is_full: false, source },
        StoreError::InUse { dir } => ChangeError::InUse { path: dir },
        too_much @ StoreError::TooMuch { .. } => ChangeError::Invalid {
            faults: vec![super::faults::of_document(too_much.to_string(), &HashMap::new())],
        },
        other => ChangeError::Internal(other.to_string()),
    }
}
