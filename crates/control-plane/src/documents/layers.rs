//! The layers of the document, and what is done to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use config::{Key, Object};
use serde_json::Value;

use crate::changes::Owner;

/// How far numbers of objects that come one behind another are apart, so that others can be moved between them.
const ROOM: u64 = 1 << 16;

/// An object of a layer.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Its place among those of its layer and kind.
    pub(super) sequence: u64,
    /// What it says, sealed.
    pub(super) value: Arc<Value>,
    pub(super) object: Object,
}

/// What is done to one object of a layer.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) owner: Owner,
    pub(super) key: Key,
    /// `None`: it is gone.
    pub(super) after: Option<Held>,
}

/// Both layers.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    file: BTreeMap<Key, Held>,
    api: BTreeMap<Key, Held>,
}

impl Layers {
    /// These layers.
    pub(super) fn of(file: BTreeMap<Key, Held>, api: BTreeMap<Key, Held>) -> Self {
        Self { file, api }
    }

    /// An object of a layer.
    pub(super) fn get(&self, owner: Owner, key: &Key) -> Option<&Held> {
        self.layer(owner).get(key)
    }

    /// All objects of a layer.
    pub(super) fn layer(&self, owner: Owner) -> &BTreeMap<Key, Held> {
        match owner {
            Owner::File => &self.file,
            Owner::Api => &self.api,
        }
    }

    /// Does it; gives what undoes it.
    pub(super) fn take(&mut self, step: Step) -> Step {
        let layer = match step.owner {
            Owner::File => &mut self.file,
            Owner::Api => &mut self.api,
        };
        let before = match step.after {
            Some(held) => layer.insert(step.key.clone(), held),
            None => layer.remove(&step.key),
        };
        Step { owner: step.owner, key: step.key, after: before }
    }

    /// Does all of it; gives what undoes it, in order.
    pub(super) fn take_all(&mut self, steps: Vec<Step>) -> Vec<Step> {
        let mut undo: Vec<Step> = steps.into_iter().map(|step| self.take(step)).collect();
        undo.reverse();
        undo
    }

    /// What is served, in the order of the document: the file's objects, each by the one that shadows it if any, and behind
    /// those of a kind what the API alone has.
    pub(super) fn in_order(&self) -> Vec<(Owner, &Key, &Held)> {
        let mut all: Vec<(Owner, &Key, &Held, (u8, u64))> =
            Vec::with_capacity(self.file.len() + self.api.len());
        for (key, held) in &self.file {
            let (owner, served) = self.api.get(key).map_or((Owner::File, held), |api| (Owner::Api, api));
            all.push((owner, key, served, (0, held.sequence)));
        }
        for (key, held) in self.api.iter().filter(|(key, _)| !self.file.contains_key(key)) {
            all.push((Owner::Api, key, held, (1, held.sequence)));
        }
        all.sort_by_key(|(_, key, _, place)| (key.kind, *place));
        all.into_iter().map(|(owner, key, held, _)| (owner, key, held)).collect()
    }

    /// The highest place of any object of the API's.
    pub(super) fn last_sequence(&self) -> u64 {
        self.api.values().map(|held| held.sequence).max().unwrap_or(0)
    }

    /// What makes these layers of those.
    pub(super) fn steps_from(&self, former: &Self) -> Vec<Step> {
        let mut steps = Vec::new();
        for owner in [Owner::File, Owner::Api] {
            let (before, after) = (former.layer(owner), self.layer(owner));
            for key in before.keys().filter(|key| !after.contains_key(key)) {
                steps.push(Step { owner, key: key.clone(), after: None });
            }
            for (key, held) in after {
                let is_same = before
                    .get(key)
                    .is_some_and(|before| before.value == held.value && before.sequence == held.sequence);
                if !is_same {
                    steps.push(Step { owner, key: key.clone(), after: Some(held.clone()) });
                }
            }
        }
        steps
    }
}

/// Layers with some steps taken, before they are.
pub(super) struct Draft<'a> {
    layers: &'a Layers,
    steps: HashMap<(Owner, Key), Option<Held>>,
    order: Vec<(Owner, Key)>,
    last_sequence: u64,
}

impl<'a> Draft<'a> {
    /// Nothing is done yet.
    pub(super) fn new(layers: &'a Layers) -> Self {
        let last_sequence = layers.last_sequence();
        Self { layers, steps: HashMap::new(), order: Vec::new(), last_sequence }
    }

    /// An object of a layer as it would be.
    pub(super) fn get(&self, owner: Owner, key: &Key) -> Option<&Held> {
        match self.steps.get(&(owner, key.clone())) {
            Some(after) => after.as_ref(),
            None => self.layers.get(owner, key),
        }
    }

    /// The object that would be served.
    pub(super) fn effective(&self, key: &Key) -> Option<(Owner, &Held)> {
        let of = |owner| self.get(owner, key).map(|held| (owner, held));
        of(Owner::Api).or_else(|| of(Owner::File))
    }

    /// Keys of the API's layer as it would be.
    pub(super) fn api_keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self
            .layers
            .layer(Owner::Api)
            .keys()
            .filter(|key| self.get(Owner::Api, key).is_some())
            .cloned()
            .collect();
        let new = self.order.iter().filter(|(owner, key)| {
            *owner == Owner::Api
                && self.layers.get(Owner::Api, key).is_none()
                && self.get(Owner::Api, key).is_some()
        });
        keys.extend(new.map(|(_, key)| key.clone()));
        keys
    }

    /// An object of the API's is this.
    pub(super) fn put(&mut self, object: Object, value: Value) {
        let key = object.key().clone();
        // What was removed and comes back stands where it stood.
        let known = self.get(Owner::Api, &key).or_else(|| self.layers.get(Owner::Api, &key));
        let known = known.map(|held| held.sequence);
        let sequence = known.unwrap_or_else(|| self.next_sequence());
        self.step(Owner::Api, key, Some(Held { sequence, value: Arc::new(value), object }));
    }

    /// Objects of the API's that stand in this order from now on. As few as can be are moved, unless there is no room between
    /// those that stay: then what follows is.
    pub(super) fn arrange(&mut self, keys: &[Key]) {
        let held = keys.iter().filter_map(|key| Some((key, self.get(Owner::Api, key)?.sequence)));
        let held: Vec<(&Key, u64)> = held.collect();
        let sequences: Vec<u64> = held.iter().map(|(_, sequence)| *sequence).collect();
        let mut stay = longest_rise(&sequences).into_iter().peekable();
        let (mut place, mut before) = (0, 0);
        while let Some((_, sequence)) = held.get(place) {
            if stay.next_if_eq(&place).is_some() {
                before = *sequence;
                place += 1;
                continue;
            }
            let end = stay.peek().copied().unwrap_or(held.len());
            let moved = held.get(place..end).unwrap_or_default();
            let room = held.get(end).map(|(_, after)| (after - before) / (moved.len() as u64 + 1));
            if room == Some(0) {
                for (key, _) in held.iter().skip(place) {
                    self.move_last(key);
                }
                return;
            }
            for (key, _) in moved {
                before = match room {
                    Some(room) => self.move_to(key, before + room),
                    None => self.move_last(key),
                };
            }
            place = end;
        }
    }

    fn move_last(&mut self, key: &Key) -> u64 {
        let sequence = self.next_sequence();
        self.move_to(key, sequence)
    }

    fn move_to(&mut self, key: &Key, sequence: u64) -> u64 {
        if let Some(held) = self.get(Owner::Api, key).cloned() {
            self.step(Owner::Api, key.clone(), Some(Held { sequence, ..held }));
        }
        sequence
    }

    /// An object of the API's is gone.
    pub(super) fn remove(&mut self, key: Key) {
        self.step(Owner::Api, key, None);
    }

    fn next_sequence(&mut self) -> u64 {
        self.last_sequence = self.last_sequence.saturating_add(ROOM);
        self.last_sequence
    }

    fn step(&mut self, owner: Owner, key: Key, after: Option<Held>) {
        let place = (owner, key);
        if self.steps.insert(place.clone(), after).is_none() {
            self.order.push(place);
        }
    }

    /// What was done that makes a difference.
    pub(super) fn into_steps(mut self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(self.order.len());
        for (owner, key) in std::mem::take(&mut self.order) {
            let Some(after) = self.steps.remove(&(owner, key.clone())) else { continue };
            let says = |held: &Held| (held.sequence, Arc::clone(&held.value));
            if self.layers.get(owner, &key).map(says) != after.as_ref().map(says) {
                steps.push(Step { owner, key, after });
            }
        }
        steps
    }
}

/// The places of the longest row of rising numbers, in order: by the last numbers of the best rows of each length (M. Fredman, "On
/// computing the length of longest increasing subsequences", 1975).
fn longest_rise(numbers: &[u64]) -> Vec<usize> {
    // Of each length, the place where the row with the least last number ends; and of each place, the one before it in its row.
    let mut ends: Vec<usize> = Vec::new();
    let mut former: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    let number = |place: &usize| numbers.get(*place).copied().unwrap_or_default();
    for place in 0..numbers.len() {
        let length = ends.partition_point(|end| number(end) < number(&place));
        former.push(length.checked_sub(1).and_then(|before| ends.get(before).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let row = std::iter::successors(ends.last().copied(), |place| former.get(*place).copied().flatten());
    let mut row: Vec<usize> = row.collect();
    row.reverse();
    row
}

#[cfg(test)]
mod tests;
