//! The file's layer.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::Arc;

use config::{Errors, Key, Loaded, Secret};

use super::commit::Proposal;
use super::history::FileState;
use super::layers::{Held, Layers};
use super::{Documents, State};
use crate::changes::{ChangeError, Owner, What, text_tag};

/// The layer that a file is; what has not changed since `former` is shared with it.
pub(super) fn layer(
    loaded: &Loaded,
    former: &BTreeMap<Key, Held>,
    seal: &mut dyn FnMut(&Secret) -> String,
) -> BTreeMap<Key, Held> {
    let objects = loaded.objects().iter().zip(1_u64..);
    objects
        .map(|(object, sequence)| {
            let key = object.key().clone();
            let value = object.to_json(seal);
            let value = match former.get(&key) {
                Some(held) if *held.value == value => Arc::clone(&held.value),
                _ => Arc::new(value),
            };
            (key, Held { sequence, value, object: object.clone() })
        })
        .collect()
}

/// What tells one state of the file's layer from another.
pub(super) fn digest(layer: &BTreeMap<Key, Held>) -> String {
    let mut all = String::new();
    for (key, held) in layer {
        // Nothing fails to be written into a text.
        let _ = writeln!(all, "{key} {} {}", held.sequence, held.value);
    }
    text_tag(&all)
}

impl Documents {
    /// What serves what the file says now.
    pub(super) fn read_again(&self, state: &mut State) -> Result<Proposal, ChangeError> {
        let invalid =
            |errors: Errors| ChangeError::Invalid { faults: super::faults::of(&errors, &HashMap::new()) };
        let loaded = config::load(&self.inner.path).map_err(invalid)?;
        let file = layer(&loaded, state.layers.layer(Owner::File), &mut |secret| state.keeping.seal(secret));
        let read = FileState { digest: digest(&file), passed_over: None };
        let after = Layers::of(file, state.layers.layer(Owner::Api).clone());
        Ok(Proposal { file: read, ..Proposal::of(after.steps_from(&state.layers), What::File) })
    }
}
