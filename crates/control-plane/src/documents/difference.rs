//! What differs between two states of an object.

use std::collections::BTreeMap;

use config::{Key, Kind};
use serde_json::{Map, Value};

use super::edits::has_order;
use super::keep;
use super::layers::{Held, Layers, Step};
use crate::changes::{Difference, DifferenceKind, Owner};
use crate::store::{self, Entry, ObjectChange};

/// So many places of one object are told; the rest is the object as a whole.
const MOST_FIELDS: usize = 32;

/// What an object says, and its place in its layer.
type Known<'a> = (&'a Value, u64);
/// What is known of an object in both layers, before or after something.
type Both<'a> = [Option<Known<'a>>; 2];

/// What steps change of the document that is served, by kind and key.
pub(super) fn of_steps(layers: &Layers, steps: &[Step]) -> Vec<Difference> {
    let steps = steps.iter().map(|step| (step.owner, &step.key, step.after.as_ref().map(known)));
    let before = |owner: Owner, key: &Key| layers.get(owner, key).map(known);
    of_changes(before, steps)
}

/// The same of what is kept.
pub(super) fn of_kept(layers: &store::Layers, changes: &[ObjectChange]) -> Vec<Difference> {
    let changes = changes
        .iter()
        .map(|change| (keep::owner(change.layer), &change.key, change.after.as_ref().map(kept)));
    let before = |owner: Owner, key: &Key| layers.of(keep::layer(owner)).get(key).map(kept);
    of_changes(before, changes)
}

fn known(held: &Held) -> Known<'_> {
    (&held.value, held.sequence)
}

fn kept(entry: &Entry) -> Known<'_> {
    (&entry.value, entry.sequence)
}

fn of_changes<'a>(
    before: impl Fn(Owner, &Key) -> Option<Known<'a>>,
    changes: impl Iterator<Item = (Owner, &'a Key, Option<Known<'a>>)>,
) -> Vec<Difference> {
    let mut touched: BTreeMap<&Key, (Both<'a>, Both<'a>)> = BTreeMap::new();
    for (owner, key, value) in changes {
        let both = || [before(Owner::File, key), before(Owner::Api, key)];
        let (_, after) = touched.entry(key).or_insert_with(|| (both(), both()));
        let [file, api] = after;
        match owner {
            Owner::File => *file = value,
            Owner::Api => *api = value,
        }
    }
    touched.into_iter().filter_map(|(key, (before, after))| of(key, before, after)).collect()
}

/// What is served of both, and whose it is.
fn served<'a>([file, api]: Both<'a>) -> Option<(Owner, Known<'a>)> {
    api.map(|known| (Owner::Api, known)).or(file.map(|known| (Owner::File, known)))
}

/// What became of an object; `None` where it says the same, is the same owner's, and was not moved.
fn of(key: &Key, before: Both<'_>, after: Both<'_>) -> Option<Difference> {
    // What the file has stands where it stands there; that is not told of each of its objects.
    let has_place = has_order(key.kind) && [before, after].iter().all(|[file, _]| file.is_none());
    let difference = |kind, owner, fields| Some(Difference { key: key.clone(), kind, owner, fields });
    match (served(before), served(after)) {
        (None, None) => None,
        (None, Some((owner, _))) => difference(DifferenceKind::Added, owner, Vec::new()),
        (Some((owner, _)), None) => difference(DifferenceKind::Removed, owner, Vec::new()),
        (Some((was, (before, from))), Some((owner, (after, to)))) => {
            let fields = fields(key.kind, before, after);
            let is_moved = has_place && from != to;
            if fields.is_empty() && was == owner && !is_moved {
                return None;
            }
            difference(DifferenceKind::Changed, owner, fields)
        }
    }
}

/// Where two states of an object differ.
fn fields(kind: Kind, before: &Value, after: &Value) -> Vec<String> {
    let mut fields = Vec::new();
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        if before != after {
            fields.push(String::new());
        }
        return fields;
    };
    for name in names(before, after) {
        let (was, is) = (before.get(name), after.get(name));
        if was == is {
            continue;
        }
        let has_backends = name == "backends" && matches!(kind, Kind::Upstream | Kind::Route);
        match (was, is) {
            (Some(Value::Array(was)), Some(Value::Array(is))) if has_backends => {
                fields.extend(backends(was, is));
            }
            (Some(Value::Object(was)), Some(Value::Object(is))) => {
                let inner = names(was, is).filter(|inner| was.get(*inner) != is.get(*inner));
                fields.extend(inner.map(|inner| format!("/{}/{}", escaped(name), escaped(inner))));
            }
            _ => fields.push(format!("/{}", escaped(name))),
        }
    }
    if fields.len() > MOST_FIELDS {
        fields.truncate(MOST_FIELDS);
        fields.push(String::new());
    }
    fields
}

fn names<'a>(before: &'a Map<String, Value>, after: &'a Map<String, Value>) -> impl Iterator<Item = &'a str> {
    let new = after.keys().filter(|name| !before.contains_key(*name));
    before.keys().chain(new).map(String::as_str)
}

/// Backends that came, went or changed, by their ids; the list as a whole where only its order changed.
fn backends(before: &[Value], after: &[Value]) -> Vec<String> {
    let by_id = |list: &[Value]| -> BTreeMap<String, Value> {
        list.iter().map(|backend| (backend_id(backend), backend.clone())).collect()
    };
    let (was, is) = (by_id(before), by_id(after));
    let new = is.keys().filter(|id| !was.contains_key(*id));
    let differ = was.keys().chain(new).filter(|id| was.get(*id) != is.get(*id));
    let fields: Vec<String> = differ.map(|id| format!("/backends/{}", escaped(id))).collect();
    if fields.is_empty() { vec!["/backends".to_owned()] } else { fields }
}

/// The id that a backend has, or gets.
pub(super) fn backend_id(backend: &Value) -> String {
    let text = |name: &str| backend.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("id") {
        "" => match backend.get("port") {
            Some(port) => format!("{}:{port}", text("hostname")),
            None => text("hostname").to_owned(),
        },
        id => id.to_owned(),
    }
}

/// A token of a JSON pointer. RFC 6901 section 3.
pub(super) fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
