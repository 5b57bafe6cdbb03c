//! From what somebody wants to what is done to the layers.

use std::collections::{BTreeMap, HashMap, HashSet};

use config::{Errors, Key, Kind, Object, Problem, Secret};
use serde_json::Value;

use super::body::{self, Body, FAULTS_MAX};
use super::difference::escaped;
use super::layers::{Draft, Layers, Step};
use crate::changes::{Change, ChangeError, Condition, Edit, Fault, Owner, View};

/// What belongs to the file alone: who may change what, and where it is kept.
const FILES_OWN: [&str; 2] = ["admin", "state"];
/// The longest id in bytes.
const LONGEST_ID: usize = 256;

/// What edits come to.
pub(super) struct Edited {
    pub(super) steps: Vec<Step>,
    /// Of each object that an edit names: the edit, and where the object stands in its value.
    pub(super) places: HashMap<Key, (usize, String)>,
    /// What is allowed but may not be meant.
    pub(super) warnings: Vec<Problem>,
}

/// What edits are made against.
pub(super) struct Ground<'a> {
    pub(super) layers: &'a Layers,
    pub(super) view: &'a View,
    pub(super) unseal: &'a dyn Fn(&str) -> Option<Secret>,
    pub(super) seal: &'a mut dyn FnMut(&Secret) -> String,
}

/// What a change comes to.
///
/// # Errors
/// A condition that does not hold, or everything that is wrong with the objects themselves.
pub(super) fn steps(change: &Change, ground: &mut Ground<'_>) -> Result<Edited, ChangeError> {
    let mut editing = Editing {
        draft: Draft::new(ground.layers),
        places: HashMap::new(),
        faults: Vec::new(),
        warnings: Vec::new(),
        has_edited: false,
    };
    for (number, edit) in change.edits.iter().enumerate() {
        editing.edit(number, edit, ground)?;
        editing.has_edited = true;
    }
    if editing.faults.is_empty() {
        Ok(Edited { steps: editing.draft.into_steps(), places: editing.places, warnings: editing.warnings })
    } else {
        Err(ChangeError::Invalid { faults: editing.faults })
    }
}

struct Editing<'a> {
    draft: Draft<'a>,
    places: HashMap<Key, (usize, String)>,
    faults: Vec<Fault>,
    warnings: Vec<Problem>,
    has_edited: bool,
}

impl Editing<'_> {
    fn edit(&mut self, number: usize, edit: &Edit, ground: &mut Ground<'_>) -> Result<(), ChangeError> {
        match edit {
            Edit::Put { key, value, condition } => {
                self.check(key, condition, ground.view)?;
                if let Some(fault) = refused(key, value) {
                    self.fault(number, String::new(), fault);
                    return Ok(());
                }
                self.put((number, String::new()), key.clone(), value.clone(), ground);
            }
            Edit::Remove { key, condition } => {
                self.check(key, condition, ground.view)?;
                self.remove(key, ground.view)?;
            }
            Edit::Document { value, condition } => {
                check_document(condition, ground.view)?;
                self.document(number, value, ground);
            }
        }
        Ok(())
    }

    /// Whether what somebody expects of an object is so.
    fn check(&self, key: &Key, condition: &Condition, view: &View) -> Result<(), ChangeError> {
        let present = self.draft.effective(key);
        let unexpected = |tag: Option<String>| Err(ChangeError::Condition { key: key.clone(), tag });
        // What an earlier edit of the same change made has no tag that anybody could have seen.
        let tag = || match present {
            Some(_) if !self.has_edited => view.entry(key).map(|entry| entry.tag().to_owned()),
            Some((_, held)) => Some(crate::changes::tag_of(&held.value)),
            None => None,
        };
        match condition {
            Condition::None => Ok(()),
            Condition::Absent if present.is_none() => Ok(()),
            Condition::Absent => Err(ChangeError::Exists { key: key.clone() }),
            Condition::Present if present.is_some() => Ok(()),
            Condition::Present => unexpected(None),
            Condition::Tag(tags) => {
                let tag = tag();
                if tag.as_ref().is_some_and(|tag| tags.contains(tag)) { Ok(()) } else { unexpected(tag) }
            }
        }
    }

    /// An object of the API's is this, which stands at a place in an edit's value.
    fn put(&mut self, (number, at): (usize, String), key: Key, mut value: Value, ground: &mut Ground<'_>) {
        body::name(key.kind, &key.id, &mut value);
        match Object::from_json(key.clone(), &value, "the request", ground.unseal) {
            Ok(object) => {
                let mut has_secrets = false;
                let seal = &mut *ground.seal;
                let sealed = object.to_json(&mut |secret| {
                    has_secrets = true;
                    seal(secret)
                });
                // It is read from that when it is sent back.
                let read = || Object::from_json(key.clone(), &sealed, "the request", ground.unseal);
                if let Some(Err(errors)) = has_secrets.then(read) {
                    self.refuse_objects(number, &at, &errors);
                    return;
                }
                self.places.insert(key, (number, at));
                self.draft.put(object, sealed);
            }
            Err(errors) => self.refuse_objects(number, &at, &errors),
        }
    }

    fn refuse_objects(&mut self, number: usize, at: &str, errors: &Errors) {
        for problem in errors.problems() {
            let inside = problem.object.as_ref().map(|(_, path)| config::pointer(path));
            let pointer = format!("{at}{}", inside.unwrap_or_default());
            self.faults.push(Fault { edit: Some(number), pointer, problem: problem.clone() });
        }
    }

    fn remove(&mut self, key: &Key, view: &View) -> Result<(), ChangeError> {
        if self.draft.get(Owner::Api, key).is_some() {
            self.draft.remove(key.clone());
            return Ok(());
        }
        if self.draft.get(Owner::File, key).is_some() {
            let place = view.entry(key).and_then(|entry| entry.place.clone()).unwrap_or_default();
            return Err(ChangeError::FileOwned { key: key.clone(), place });
        }
        Err(ChangeError::Missing { key: key.clone() })
    }

    /// Makes the document what somebody sent, as far as the API's layer can.
    fn document(&mut self, number: usize, value: &Value, ground: &mut Ground<'_>) {
        let Body { objects, faults } = Body::of(value.clone());
        for (pointer, message) in faults {
            self.fault(number, pointer, message);
        }
        let mut named = HashSet::with_capacity(objects.len());
        let mut listed: BTreeMap<Kind, Vec<Key>> = BTreeMap::new();
        for (key, value, at) in objects {
            if self.faults.len() >= FAULTS_MAX {
                return;
            }
            named.insert(key.clone());
            // The file's stand where they stand there, whoever shadows them.
            if has_order(key.kind) && self.draft.get(Owner::File, &key).is_none() {
                listed.entry(key.kind).or_default().push(key.clone());
            }
            if self.is_files(&key, &value, ground) {
                if self.draft.get(Owner::Api, &key).is_some() {
                    self.draft.remove(key);
                }
                continue;
            }
            match refused(&key, &value) {
                Some(message) => self.fault(number, at, message),
                None => self.put((number, at), key, value, ground),
            }
        }
        listed.values().for_each(|keys| self.draft.arrange(keys));
        for key in self.draft.api_keys() {
            if !named.contains(&key) {
                self.draft.remove(key);
            }
        }
        let lists: HashSet<&str> =
            value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        for (key, held) in ground.layers.layer(Owner::File) {
            // Who leaves out a list or a section does not speak of it.
            let is_spoken_of = key.kind.list().is_some_and(|list| lists.contains(list));
            if is_spoken_of && !named.contains(key) {
                let place =
                    held.object.file().map(|(file, place)| format!("{file}:{place}")).unwrap_or_default();
                let message = format!("`{key}` is the file's and stays, though it is not named");
                let mut problem = Problem::of_file("the request", message);
                problem.hint = Some(format!("remove it in {place}"));
                self.warnings.push(problem);
            }
        }
    }

    /// True where it is what the file says of the same key.
    fn is_files(&self, key: &Key, value: &Value, ground: &mut Ground<'_>) -> bool {
        let Some(held) = self.draft.get(Owner::File, key) else { return false };
        if *held.value == *value {
            return true;
        }
        let mut named = value.clone();
        body::name(key.kind, &key.id, &mut named);
        let object = Object::from_json(key.clone(), &named, "the request", ground.unseal);
        object.is_ok_and(|object| object.to_json(ground.seal) == *held.value)
    }

    fn fault(&mut self, edit: usize, pointer: String, message: String) {
        self.faults.push(Fault {
            edit: Some(edit),
            pointer,
            problem: Problem::of_file("the request", message),
        });
    }
}

fn check_document(condition: &Condition, view: &View) -> Result<(), ChangeError> {
    match condition {
        Condition::Tag(tags) if !tags.iter().any(|tag| tag == view.tag()) => {
            Err(ChangeError::DocumentCondition { tag: view.tag().to_owned() })
        }
        _ => Ok(()),
    }
}

/// True of what is always as the file says now: no edit and no way back changes it.
pub(super) fn is_files_own(key: &Key) -> bool {
    key.kind == Kind::Section && FILES_OWN.contains(&key.id.as_str())
}

/// True of what is looked at in order: where nothing else decides, the first route that fits is taken, and the first certificate
/// is the default one.
pub(super) fn has_order(kind: Kind) -> bool {
    matches!(kind, Kind::Route | Kind::Certificate)
}

/// Why the API may not have such an object.
fn refused(key: &Key, value: &Value) -> Option<String> {
    if is_files_own(key) {
        return Some(format!("`{}` is the file's alone, and is changed there", key.id));
    }
    if key.kind.list().is_some() {
        if !value.is_object() {
            return Some(format!("a {} is an object", key.kind));
        }
        if key.id.is_empty() || key.id.len() > LONGEST_ID {
            return Some(format!("an id has 1 to {LONGEST_ID} bytes"));
        }
        let written = body::written_id(key.kind, value);
        if written.is_some_and(|written| written != key.id) {
            let member = escaped(body::id_member(key.kind));
            return Some(format!("its `{member}` differs from the `{}` that it is asked for by", key.id));
        }
    }
    None
}
