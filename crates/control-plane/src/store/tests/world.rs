//! A process that keeps revisions, and what may be found after it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use config::Secret;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::durable::{Disk, FaultyDisk};
use crate::secrets::{Marker, Secrets};
use crate::store::open::Opened;
use crate::store::{Confirmation, Entry, Keep, Layer, Layers, ObjectChange, Record, Store, StoreError, What};
use config::{Key, Kind};

pub(super) const STATE: &str = "/var/state";
pub(super) const KEEP: Keep = Keep { history: 6, between: 4 };

/// The state of a journal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) head: u64,
    pub(super) layers: Layers,
    /// What the pending revision would make of them.
    pub(super) pending: Option<(u64, Layers)>,
}

/// A journal, and what is known of it.
pub(super) struct World {
    pub(super) disk: FaultyDisk,
    pub(super) running: Option<(Store<FaultyDisk>, Secrets<FaultyDisk>)>,
    /// The first is what is served; any of the others may be found after a crash.
    pub(super) states: Vec<State>,
    records: Vec<Record>,
    rng: Rng,
}

/// One route, whose text is a marker or anything else.
pub(super) fn change(id: usize, layer: Layer, value: Option<Value>) -> ObjectChange {
    let after = value.map(|value| Entry { sequence: id as u64, value: Arc::new(value) });
    ObjectChange { key: Key { kind: Kind::Route, id: format!("r{id}") }, layer, after }
}

/// A revision of these changes.
pub(super) fn record<D: Disk>(store: &Store<D>, changes: Vec<ObjectChange>) -> Record {
    let number = store.next_number();
    Record {
        number,
        parent: store.head(),
        at: time(number),
        by: "somebody".into(),
        what: What::Write,
        summary: String::new(),
        changes,
        confirm_until: None,
        confirmed: None,
        file_digest: None,
        pinned_from: None,
    }
}

pub(super) fn time(number: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + number * 1_001)
}

pub(super) fn confirmation() -> Confirmation {
    Confirmation { at: time(0), by: "me".into() }
}

pub(super) fn revisions(name: impl AsRef<Path>) -> PathBuf {
    Path::new(STATE).join("revisions").join(name)
}

/// The layers after each kept record.
pub(super) fn layers_of<D: Disk>(opened: &Opened<D>) -> Vec<Layers> {
    let mut layers = opened.base.clone();
    let after = opened.records.iter().map(|record| {
        layers.apply(&record.changes);
        layers.clone()
    });
    after.collect()
}

impl World {
    pub(super) fn new(disk: FaultyDisk, seed: u64) -> Self {
        let none = State { head: 0, layers: Layers::default(), pending: None };
        Self { disk, running: None, states: vec![none], records: Vec::new(), rng: Rng::with_seed(seed) }
    }

    pub(super) fn served(&self) -> &State {
        &self.states[0]
    }

    /// Starts a process; what it finds must be what is known. False where the disk fails.
    pub(super) fn start(&mut self) -> bool {
        self.running = None;
        let opened = match Store::open(Path::new(STATE), KEEP, self.disk.clone()) {
            Ok(opened) => opened,
            Err(StoreError::InUse { .. }) => panic!("the lock outlived its process"),
            Err(_) => return false,
        };
        let Ok(secrets) = Secrets::open(Path::new(STATE), self.disk.clone()) else { return false };
        assert_eq!(opened.problems, [""; 0], "a crash damages nothing");
        assert_eq!(secrets.problem, None);
        self.check(&opened, &secrets.secrets);
        self.running = Some((opened.store, secrets.secrets));
        true
    }

    fn check(&mut self, opened: &Opened<FaultyDisk>, secrets: &Secrets<FaultyDisk>) {
        let after = layers_of(opened);
        let head = opened.store.head();
        let pending = opened.pending.as_ref().map(|record| (record.number, after.last().unwrap().clone()));
        let found = State { head, layers: opened.layers.clone(), pending };
        let index = self.states.iter().position(|state| *state == found);
        let index = index.unwrap_or_else(|| {
            let known: Vec<_> = self.states.iter().map(|state| (state.head, &state.pending)).collect();
            panic!("revision {head} is none of {known:?}, or not as it was")
        });
        // What was found may not be safe yet: another crash may take it back.
        self.states.swap(0, index);
        let last = after.last().unwrap_or(&opened.base);
        assert_eq!(found.pending.as_ref().map_or(&found.layers, |(_, layers)| layers), last);
        assert!(opened.store.next_number() > head);
        assert!(opened.records.len() as u64 >= head.min(1), "history");
        for record in &opened.records {
            let kept = self.records.iter().rfind(|kept| kept.number == record.number).unwrap();
            assert_eq!(Record { confirmed: None, ..record.clone() }, *kept);
        }
        for entry in found.layers.file.values().chain(found.layers.api.values()) {
            let marker = Marker::read(entry.value["key"].as_str().unwrap()).unwrap();
            let secret = secrets.get(&marker).expect("secrets are saved before what names them");
            assert_eq!(secret.expose(), entry.value["said"].as_str().unwrap());
        }
    }

    /// A revision of a few objects, with secrets; it is to be confirmed or not.
    pub(super) fn write(&mut self, is_pending: bool) -> Result<(), StoreError> {
        let changes = (0..self.rng.usize(1..4)).map(|_| self.some_change()).collect();
        let (store, _) = self.running.as_mut().unwrap();
        let mut record = record(store, changes);
        record.confirm_until = is_pending.then(|| time(record.number + 60));
        let before = self.served().layers.clone();
        let mut after = before.clone();
        after.apply(&record.changes);
        let pending = is_pending.then(|| (record.number, after.clone()));
        let layers = if is_pending { before } else { after };
        self.append(&record, layers, pending)
    }

    /// The pending revision is reverted.
    pub(super) fn revert(&mut self) -> Result<(), StoreError> {
        let State { layers, pending, .. } = self.served().clone();
        let (number, _) = pending.unwrap();
        let pending = self.records.iter().rfind(|record| record.number == number).unwrap();
        let undoing = layers.undoing(&pending.changes);
        let (store, _) = self.running.as_mut().unwrap();
        let what = What::Reverted { number, why: "nobody confirmed it".into() };
        let record = Record { what, ..record(store, undoing) };
        self.append(&record, layers, None)
    }

    /// The pending revision is confirmed.
    pub(super) fn confirm(&mut self) -> Result<(), StoreError> {
        let State { head, pending, .. } = self.served().clone();
        let (number, layers) = pending.unwrap();
        let outcome = self.running.as_mut().unwrap().0.confirm(number, &confirmation());
        self.note(State { head, layers, pending: None }, outcome.is_ok());
        outcome
    }

    fn append(
        &mut self,
        record: &Record,
        layers: Layers,
        pending: Option<(u64, Layers)>,
    ) -> Result<(), StoreError> {
        let head = self.served().head;
        let (store, secrets) = self.running.as_mut().unwrap();
        store.hold()?;
        secrets.save()?;
        assert!(record.number > head);
        self.records.push(record.clone());
        let outcome = store.append(record);
        self.note(State { head: record.number, layers, pending }, outcome.is_ok());
        assert_eq!(self.running.as_ref().unwrap().0.head(), self.served().head);
        outcome
    }

    fn note(&mut self, state: State, is_kept: bool) {
        if is_kept {
            self.states = vec![state];
        } else {
            self.states.push(state);
        }
    }

    /// Checkpoints, prunes, and forgets what nothing names any more.
    pub(super) fn tidy(&mut self) -> Result<(), StoreError> {
        let (store, secrets) = self.running.as_mut().unwrap();
        let base = store.tidy()?;
        let states = self.states.iter().flat_map(|state| {
            [&state.layers, state.pending.as_ref().map_or(&state.layers, |(_, layers)| layers)]
        });
        let objects = states.flat_map(|layers| layers.file.values().chain(layers.api.values()));
        let kept = self.records.iter().filter(|record| record.number > base);
        let changed =
            kept.flat_map(|record| record.changes.iter().filter_map(|change| change.after.as_ref()));
        let markers = objects.chain(changed).map(|entry| Marker::read(entry.value["key"].as_str().unwrap()));
        secrets.retain(&markers.map(Option::unwrap).collect::<HashSet<_>>());
        secrets.save()
    }

    fn some_change(&mut self) -> ObjectChange {
        let layer = if self.rng.bool() { Layer::File } else { Layer::Api };
        let id = self.rng.usize(..6);
        if self.rng.u8(..4) == 0 {
            return change(id, layer, None);
        }
        let said = format!("secret {}", self.rng.u8(..40));
        let (_, secrets) = self.running.as_mut().unwrap();
        let marker = secrets.seal(&Secret::new(said.clone()));
        change(id, layer, Some(json!({ "key": marker.to_string(), "said": said })))
    }
}
