//! A whole document as somebody sends it, taken apart into objects.

use std::collections::HashMap;

use config::{Document, Key, Kind};
use serde_json::{Map, Value};

use super::difference::escaped;

/// So many routes, upstreams and certificates a document that is sent may have: in memory, a route is a thousand times the shortest
/// text that makes one.
const OBJECTS_MAX: usize = 200_000;
/// So many faults are told at the most, as of a file.
pub(super) const FAULTS_MAX: usize = 100;

/// A document taken apart.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// In the order of kinds, each with where it stands in the body, RFC 6901.
    pub(super) objects: Vec<(Key, Value, String)>,
    /// What cannot be taken apart: where, and why. Where these are many, the rest of the document was not looked at.
    pub(super) faults: Vec<(String, String)>,
}

impl Body {
    /// Takes a document apart. Objects without an id get the one that a file's would get.
    pub(super) fn of(document: Value) -> Self {
        let mut body = Self::default();
        let Value::Object(mut document) = document else {
            body.faults.push((String::new(), "a document is an object".into()));
            return body;
        };
        for kind in [Kind::Certificate, Kind::Upstream, Kind::Route] {
            let Some((list, items)) = kind.list().and_then(|list| Some((list, document.remove(list)?)))
            else {
                continue;
            };
            body.list(kind, list, items);
        }
        for (name, value) in document {
            let at = format!("/{}", escaped(&name));
            if !value.is_null() {
                body.objects.push((Key::new(Kind::Section, name), value, at));
            } else if !Document::has_key(&name) && !body.is_hopeless() {
                body.faults.push((at, "unknown key".into()));
            }
        }
        body.objects.sort_by_key(|(key, _, _)| key.kind);
        body
    }

    fn list(&mut self, kind: Kind, list: &str, items: Value) {
        let items = match items {
            Value::Null => return,
            Value::Array(items) => items,
            _ => {
                self.faults.push((format!("/{list}"), format!("`{list}` is a list")));
                return;
            }
        };
        if items.len() > OBJECTS_MAX.saturating_sub(self.objects.len()) {
            let what = format!("a document has at most {OBJECTS_MAX} routes, upstreams and certificates");
            self.faults.push((format!("/{list}"), what));
            return;
        }
        let mut taken = Taken::default();
        // Written ids first, so that a derived one never takes one of theirs.
        for (index, item) in items.iter().enumerate() {
            let Some(id) = written_id(kind, item) else { continue };
            if let Some(first) = taken.ids.insert(id.to_owned(), index) {
                let what = format!("the {kind} `{id}` is there twice; the first one is item {first}");
                self.faults.push((format!("/{list}/{index}"), what));
            }
            if self.is_hopeless() {
                return;
            }
        }
        for (index, mut item) in items.into_iter().enumerate() {
            let at = format!("/{list}/{index}");
            let id = match written_id(kind, &item) {
                Some(id) => id.to_owned(),
                None => match derived_id(kind, &item) {
                    Some(id) => {
                        let id = taken.fresh(&id);
                        taken.ids.insert(id.clone(), index);
                        id
                    }
                    None => {
                        self.faults.push((at, missing(kind)));
                        if self.is_hopeless() {
                            return;
                        }
                        continue;
                    }
                },
            };
            name(kind, &id, &mut item);
            self.objects.push((Key::new(kind, id), item, at));
        }
    }

    fn is_hopeless(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }
}

/// The ids of a list.
#[derive(Default)]
struct Taken {
    /// Each with its place.
    ids: HashMap<String, usize>,
    /// The number that was last put behind an id. Ids are never given back, so that the next free one is behind it.
    numbers: HashMap<String, u32>,
}

impl Taken {
    /// An id that is not taken yet: this one, or this one with a number.
    fn fresh(&mut self, id: &str) -> String {
        if !self.ids.contains_key(id) {
            return id.to_owned();
        }
        let number = self.numbers.entry(id.to_owned()).or_insert(1);
        loop {
            *number = number.saturating_add(1);
            let numbered = format!("{id}#{number}");
            if !self.ids.contains_key(&numbered) {
                return numbered;
            }
        }
    }
}

/// The member that an object's id stands in.
pub(super) const fn id_member(kind: Kind) -> &'static str {
    match kind {
        Kind::Upstream => "name",
        _ => "id",
    }
}

/// Writes an object's id into it.
pub(super) fn name(kind: Kind, id: &str, value: &mut Value) {
    if let Value::Object(members) = value
        && kind.list().is_some()
    {
        members.insert(id_member(kind).into(), id.into());
    }
}

pub(super) fn written_id(kind: Kind, value: &Value) -> Option<&str> {
    value.get(id_member(kind)).and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// The id that an object gets which has none: a route's host and path, a certificate's first name.
pub(super) fn derived_id(kind: Kind, value: &Value) -> Option<String> {
    let members: &Map<String, Value> = value.as_object()?;
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match kind {
        Kind::Route => {
            let host = text("vHost").filter(|host| !host.is_empty()).unwrap_or("*");
            if text("mode") == Some("tcp") {
                return Some(host.to_ascii_lowercase());
            }
            Some(format!("{}{}", host.to_ascii_lowercase(), text("path").unwrap_or("/*")))
        }
        Kind::Certificate => members.get("names")?.as_array()?.first()?.as_str().map(str::to_ascii_lowercase),
        _ => None,
    }
}

fn missing(kind: Kind) -> String {
    match kind {
        Kind::Upstream => "an upstream needs a `name`".into(),
        _ => format!("a {kind} needs an `id`"),
    }
}

#[cfg(test)]
mod tests;
