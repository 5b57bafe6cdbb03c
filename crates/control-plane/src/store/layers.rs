//! The objects of each owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use config::Key;

/// Who owns an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Layer {
    /// The file.
    File,
    /// The API.
    Api,
}

/// An object of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its place among those of its layer and kind: the least is the first.
    pub(crate) sequence: u64,
    /// The object with markers in place of its secrets.
    pub(crate) value: Arc<Value>,
}

/// What a revision did to one object of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ObjectChange {
    /// Which object.
    pub(crate) key: Key,
    /// Whose.
    pub(crate) layer: Layer,
    /// What it is from then on; `None` where it is gone.
    pub(crate) after: Option<Entry>,
}

/// All objects of all owners. A clone shares them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layers {
    /// Those of the file.
    pub(crate) file: BTreeMap<Key, Entry>,
    /// Those of the API.
    pub(crate) api: BTreeMap<Key, Entry>,
}

impl Layers {
    /// The objects of one owner.
    pub(crate) const fn of(&self, layer: Layer) -> &BTreeMap<Key, Entry> {
        match layer {
            Layer::File => &self.file,
            Layer::Api => &self.api,
        }
    }

    /// Does what a revision did.
    pub(crate) fn apply(&mut self, changes: &[ObjectChange]) {
        for change in changes {
            let layer = match change.layer {
                Layer::File => &mut self.file,
                Layer::Api => &mut self.api,
            };
            match &change.after {
                Some(entry) => layer.insert(change.key.clone(), entry.clone()),
                None => layer.remove(&change.key),
            };
        }
    }

    /// What leads back to these layers once `changes` have been applied to them.
    pub(crate) fn undoing(&self, changes: &[ObjectChange]) -> Vec<ObjectChange> {
        let before = |change: &ObjectChange| self.of(change.layer).get(&change.key).cloned();
        changes.iter().map(|change| ObjectChange { after: before(change), ..change.clone() }).collect()
    }
}
