//! The document that is served, object by object.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use config::{Key, Kind, Loaded, Object};
use serde_json::Value;

use super::tag;

/// Whose an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Owner {
    /// The file's: it is changed there.
    File,
    /// The API's: it lives in the directory of the state.
    Api,
}

impl Owner {
    /// `file` or `api`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Api => "api",
        }
    }
}

/// An object of the document that is served.
#[derive(Debug)]
pub struct Entry {
    /// What it is known by.
    pub key: Key,
    /// Whose it is.
    pub owner: Owner,
    /// Where it stands, if in a file: name and line.
    pub place: Option<String>,
    pub(crate) value: Arc<Value>,
    pub(crate) object: Object,
    tag: OnceLock<String>,
}

impl Entry {
    pub(crate) fn new(owner: Owner, object: Object, value: Arc<Value>) -> Self {
        let place = object.file().map(|(file, place)| format!("{file}:{}", place.line));
        Self { key: object.key().clone(), owner, place, value, object, tag: OnceLock::new() }
    }

    /// What it says, defaults left out, markers in place of secrets; the id is always there.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// A strong tag of what it says: it changes with that alone. Without quotes.
    pub fn tag(&self) -> &str {
        self.tag.get_or_init(|| tag::of(&self.value))
    }
}

/// The document that is served, object by object. Immutable.
#[derive(Debug)]
pub struct View {
    /// The revision that it is.
    pub revision: u64,
    /// The document with its places.
    pub loaded: Loaded,
    /// In the order of the document: sections, certificates, upstreams, routes.
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) by_key: Arc<HashMap<Key, usize>>,
    /// Objects of the file that the API's shadow.
    pub(crate) shadowed: Arc<HashMap<Key, Arc<Entry>>>,
    pub(crate) tag: OnceLock<String>,
}

impl View {
    /// All objects in the order of the document: sections, certificates, upstreams, routes.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// The objects of one kind in the order of the document.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().filter(move |entry| entry.key.kind == kind)
    }

    /// An object; `None` where there is none.
    pub fn entry(&self, key: &Key) -> Option<&Arc<Entry>> {
        self.entries.get(*self.by_key.get(key)?)
    }

    /// The file's object that the API's shadows.
    pub fn shadowed(&self, key: &Key) -> Option<&Arc<Entry>> {
        self.shadowed.get(key)
    }

    /// A strong tag of the whole document. Without quotes.
    pub fn tag(&self) -> &str {
        self.tag.get_or_init(|| {
            let mut all = String::new();
            for entry in &self.entries {
                all.push_str(entry.key.kind.as_str());
                all.push_str(entry.tag());
            }
            tag::of_text(&all)
        })
    }

    /// What an owner has in an object's place; `None` where that is nothing.
    fn of_owner<'v>(&'v self, entry: &'v Arc<Entry>, owner: Option<Owner>) -> Option<&'v Arc<Entry>> {
        match owner {
            None => Some(entry),
            Some(owner) if entry.owner == owner => Some(entry),
            Some(Owner::File) => self.shadowed(&entry.key),
            Some(Owner::Api) => None,
        }
    }

    /// The whole document, or the part of it that one owner has: of the file also what the API's objects hide.
    pub fn document(&self, owner: Option<Owner>) -> Value {
        let mut document = serde_json::Map::new();
        let of_owner = |entry| self.of_owner(entry, owner);
        for entry in self.entries.iter().filter_map(of_owner) {
            let value = Value::clone(&entry.value);
            match entry.key.kind.list() {
                None => {
                    document.insert(entry.key.id.clone(), value);
                }
                Some(list) => {
                    if let Value::Array(items) =
                        document.entry(list).or_insert_with(|| Value::Array(Vec::new()))
                    {
                        items.push(value);
                    }
                }
            }
        }
        Value::Object(document)
    }
}
