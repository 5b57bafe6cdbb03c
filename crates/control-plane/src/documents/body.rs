//! A whole document as somebody sends it, taken apart into objects.

use std::collections::HashMap;

use config::{Key, Kind};
use serde_json::{Map, Value};

use super::difference::escaped;

/// A document taken apart.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// In the order of kinds, each with where it stands in the body, RFC 6901.
    pub(super) objects: Vec<(Key, Value, String)>,
    /// What cannot be taken apart: where, and why.
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
        let mut taken: HashMap<String, usize> = HashMap::new();
        // Written ids first, so that a derived one never takes one of theirs.
        for (index, item) in items.iter().enumerate() {
            let Some(id) = written_id(kind, item) else { continue };
            if let Some(first) = taken.insert(id.to_owned(), index) {
                let what = format!("the {kind} `{id}` is there twice; the first one is item {first}");
                self.faults.push((format!("/{list}/{index}"), what));
            }
        }
        for (index, mut item) in items.into_iter().enumerate() {
            let at = format!("/{list}/{index}");
            let id = match written_id(kind, &item) {
                Some(id) => id.to_owned(),
                None => match derived_id(kind, &item) {
                    Some(id) => {
                        let id = fresh(&id, &taken);
                        taken.insert(id.clone(), index);
                        id
                    }
                    None => {
                        self.faults.push((at, missing(kind)));
                        continue;
                    }
                },
            };
            name(kind, &id, &mut item);
            self.objects.push((Key::new(kind, id), item, at));
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

fn fresh(id: &str, taken: &HashMap<String, usize>) -> String {
    let others = (2_u32..).map(|number| format!("{id}#{number}"));
    let mut all = std::iter::once(id.to_owned()).chain(others);
    all.find(|id| !taken.contains_key(id)).unwrap_or_else(|| id.to_owned())
}

fn missing(kind: Kind) -> String {
    match kind {
        Kind::Upstream => "an upstream needs a `name`".into(),
        _ => format!("a {kind} needs an `id`"),
    }
}

#[cfg(test)]
mod tests;
