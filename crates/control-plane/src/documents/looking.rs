//! What a document looks like, object by object.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use config::{Key, Loaded};

use super::layers::{Held, Layers, Step};
use crate::changes::{Entry, Owner, View};

/// The view of layers that nothing was served of before.
pub(super) fn first(revision: u64, loaded: Loaded, layers: &Layers) -> View {
    let mut entries = Vec::new();
    let mut shadowed = HashMap::new();
    for (owner, key, held) in layers.in_order() {
        entries.push(entry(owner, held));
        if let (Owner::Api, Some(file)) = (owner, layers.get(Owner::File, key)) {
            shadowed.insert(key.clone(), entry(Owner::File, file));
        }
    }
    let by_key = Arc::new(places(&entries));
    View { revision, loaded, entries, by_key, shadowed: Arc::new(shadowed), tag: OnceLock::new() }
}

/// The view after some steps. What they do not touch is shared with the one before.
pub(super) fn view(revision: u64, loaded: Loaded, layers: &Layers, steps: &[Step], former: &View) -> View {
    let touched: HashSet<&Key> = steps.iter().map(|step| &step.key).collect();
    let done: HashMap<(Owner, &Key), &Step> =
        steps.iter().map(|step| ((step.owner, &step.key), step)).collect();
    let after = |owner: Owner, key: &Key| match done.get(&(owner, key)) {
        Some(step) => step.after.as_ref(),
        None => layers.get(owner, key),
    };
    let mut entries = Vec::with_capacity(loaded.objects().len());
    // Most views have the same objects at the same places.
    let mut is_same = loaded.objects().len() == former.entries.len();
    for (index, object) in loaded.objects().iter().enumerate() {
        let known = former.entries.get(index);
        if let Some(known) = known.filter(|known| known.object.is_same(object)) {
            entries.push(Arc::clone(known));
            continue;
        }
        let key = object.key();
        is_same &= known.is_some_and(|known| known.key == *key);
        let known = former.entry(key).filter(|known| known.object.is_same(object));
        let found = [Owner::Api, Owner::File].into_iter().find_map(|owner| Some((owner, after(owner, key)?)));
        let made = || found.map(|(owner, held)| entry(owner, held));
        entries.extend(known.cloned().or_else(made));
    }
    let by_key = if is_same { Arc::clone(&former.by_key) } else { Arc::new(places(&entries)) };
    let mut shadowed = Arc::clone(&former.shadowed);
    for key in touched {
        let hidden = after(Owner::Api, key).and(after(Owner::File, key));
        match hidden {
            Some(file) => {
                Arc::make_mut(&mut shadowed).insert(key.clone(), entry(Owner::File, file));
            }
            None if shadowed.contains_key(key) => {
                Arc::make_mut(&mut shadowed).remove(key);
            }
            None => {}
        }
    }
    View { revision, loaded, entries, by_key, shadowed, tag: OnceLock::new() }
}

fn entry(owner: Owner, held: &Held) -> Arc<Entry> {
    Arc::new(Entry::new(owner, held.object.clone(), Arc::clone(&held.value)))
}

fn places(entries: &[Arc<Entry>]) -> HashMap<Key, usize> {
    entries.iter().enumerate().map(|(index, entry)| (entry.key.clone(), index)).collect()
}
