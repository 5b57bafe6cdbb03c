//! The file's layer.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use config::{Errors, Key, Loaded, Problem, Secret};

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

/// Reads the file while the proxy runs: whoever waits for a pipe would wait for ever, and a file that says nothing is one that
/// somebody is about to write.
///
/// # Errors
/// Everything that is wrong with it.
fn load(path: &Path) -> Result<Loaded, Errors> {
    let refused = |message: &str| Problem::of_file(&path.display().to_string(), message);
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(refused("is not a regular file").into());
    }
    let loaded = config::load(path)?;
    if loaded.objects().is_empty() {
        return Err(refused("says nothing: nothing would be served").into());
    }
    Ok(loaded)
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
        let loaded = load(&self.inner.path).map_err(invalid)?;
        let file = layer(&loaded, state.layers.layer(Owner::File), &mut |secret| state.keeping.seal(secret));
        let read = FileState { digest: digest(&file), passed_over: None };
        let after = Layers::of(file, state.layers.layer(Owner::Api).clone());
        Ok(Proposal { file: read, ..Proposal::of(after.steps_from(&state.layers), What::File) })
    }
}
