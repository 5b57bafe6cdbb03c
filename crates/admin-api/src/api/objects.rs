//! What routes and upstreams have in common: they are shown, put, patched and removed in the same way.

use config::{Key, Kind};
use control_plane::changes::{Condition, Edit, Entry};
use http::StatusCode;
use serde_json::{Map, Value};

use super::ask::Ask;
use super::paging::Page;
use super::refusal::{self, Places};
use super::reply::Reply;
use super::shown::{self, Shower};
use super::writing::{self, Wanted};
use super::{BASE, merge, percent};
use crate::Problem;

/// A kind of object.
#[derive(Clone, Copy)]
pub(super) struct Noun {
    pub(super) kind: Kind,
    /// In one word.
    pub(super) word: &'static str,
    /// The path that lists them, and the key of the document.
    pub(super) list: &'static str,
    /// The member that they are known by.
    pub(super) name: &'static str,
}

pub(super) const ROUTE: Noun = Noun { kind: Kind::Route, word: "route", list: "routes", name: "id" };
pub(super) const UPSTREAM: Noun =
    Noun { kind: Kind::Upstream, word: "upstream", list: "upstreams", name: "name" };

impl Noun {
    pub(super) fn key(self, id: &str) -> Key {
        Key::new(self.kind, id)
    }

    /// The path of an object.
    pub(super) fn path(self, id: &str) -> String {
        format!("{BASE}/{}/{}", self.list, percent::encode(id))
    }
}

/// Every object of a kind, or a page of them.
pub(super) fn list(ask: &Ask, noun: Noun) -> Result<Reply, Problem> {
    let view = ask.view();
    let all = view.of_kind(noun.kind).map(AsRef::as_ref);
    let page = Page::of(all, ask, noun.list, |entry: &Entry| entry.key.id.clone())?;
    let shown = Shower::new(&ask.api, &view).objects(noun.kind, &page.items);
    Ok(page.link(Reply::json(&Value::Array(shown))))
}

/// An object.
pub(super) fn get(ask: &Ask, key: &Key) -> Result<Reply, Problem> {
    let view = ask.view();
    let entry = view.entry(key).ok_or_else(|| refusal::missing(key.kind.as_str(), &key.id))?;
    read(ask, entry.tag(), || Shower::new(&ask.api, &view).object(entry))
}

/// What has this tag, or 304 or 412 as the request's conditions say.
pub(super) fn read(ask: &Ask, tag: &str, value: impl FnOnce() -> Value) -> Result<Reply, Problem> {
    if ask.conditions.is.as_ref().is_some_and(|tags| !tags.matches(tag)) {
        return Err(refusal::changed("it is not as it was expected", Some(tag)));
    }
    if ask.conditions.has(tag) {
        return Ok(Reply::not_modified(tag));
    }
    Ok(Reply::json(&value()).tag(tag))
}

/// Makes an object what the body says.
pub(super) fn put(ask: &Ask, noun: Noun, key: &Key) -> Result<Reply, Problem> {
    let before = ask.view();
    let is_there = before.entry(key).is_some();
    let wanted = || {
        let view = ask.view();
        let entry = view.entry(key);
        let mut object = ask.object()?.clone();
        shown::strip(&mut object);
        if let Some(entry) = entry {
            let shown = Shower::new(&ask.api, &view).object(entry);
            shown::restore(&mut object, &shown, entry.value());
        }
        identify(&mut object, noun, &key.id)?;
        let condition = writing::condition(ask, entry.is_some())?;
        let is_so = entry.is_some_and(|entry| {
            entry.value().as_object() == Some(&object) && is_met(&condition, entry.tag())
        });
        Ok(Wanted { is_so, ..whole(key, object, condition) })
    };
    writing::write(ask, wanted, |_, key| after(ask, noun, key, !is_there))
}

/// Patches an object.
pub(super) fn patch(ask: &Ask, noun: Noun, key: &Key) -> Result<Reply, Problem> {
    let wanted = || {
        let patch = ask.object()?;
        derived(ask, key, Places::Same, |_, value| {
            let merged = merge::merge(value.clone(), &Value::Object(patch.clone()));
            let mut object = merged.as_object().cloned().unwrap_or_default();
            shown::strip(&mut object);
            identify(&mut object, noun, &key.id)?;
            Ok(Value::Object(object))
        })
    };
    writing::write(ask, wanted, |_, key| after(ask, noun, key, false))
}

/// Removes an object.
pub(super) fn delete(ask: &Ask, key: &Key) -> Result<Reply, Problem> {
    let wanted = || {
        let is_there = ask.view().entry(key).is_some();
        let edit = Edit::Remove { key: key.clone(), condition: writing::condition(ask, is_there)? };
        Ok(Wanted { edit, places: Places::Nowhere, is_derived: false, is_so: false })
    };
    writing::write(ask, wanted, |_, _| Reply::nothing())
}

/// A change that makes an object anew from what it is.
pub(super) fn derived(
    ask: &Ask,
    key: &Key,
    places: Places,
    make: impl FnOnce(&Entry, &Value) -> Result<Value, Problem>,
) -> Result<Wanted, Problem> {
    let view = ask.view();
    let entry = view.entry(key).ok_or_else(|| refusal::missing(key.kind.as_str(), &key.id))?;
    let wanted = writing::condition(ask, true)?;
    if !is_met(&wanted, entry.tag()) {
        return Err(refusal::changed(&format!("{key} is not as it was expected"), Some(entry.tag())));
    }
    let value = make(entry, entry.value())?;
    let is_so = value == *entry.value();
    let condition = Condition::Tag(vec![entry.tag().to_owned()]);
    let is_derived = !matches!(wanted, Condition::Tag(_));
    Ok(Wanted { edit: Edit::Put { key: key.clone(), value, condition }, places, is_derived, is_so })
}

/// An object that is made what it is now, as an answer.
pub(super) fn after(ask: &Ask, noun: Noun, key: &Key, is_new: bool) -> Reply {
    let view = ask.view();
    // Somebody may have removed it again.
    let Some(entry) = view.entry(key) else { return Reply::nothing() };
    let shown = Shower::new(&ask.api, &view).object(entry);
    let reply = Reply::json(&shown).tag(entry.tag());
    if is_new { reply.created(&noun.path(&key.id)) } else { reply.status(StatusCode::OK) }
}

/// An edit that makes a new object. Where somebody was quicker, it is looked at again.
pub(super) fn new(key: &Key, object: Map<String, Value>) -> Wanted {
    Wanted { is_derived: true, ..whole(key, object, Condition::Absent) }
}

fn whole(key: &Key, object: Map<String, Value>, condition: Condition) -> Wanted {
    let edit = Edit::Put { key: key.clone(), value: Value::Object(object), condition };
    Wanted { edit, places: Places::Same, is_derived: false, is_so: false }
}

/// Gives an object its name.
///
/// # Errors
/// 422 where it has another one.
fn identify(object: &mut Map<String, Value>, noun: Noun, id: &str) -> Result<(), Problem> {
    match object.get(noun.name) {
        Some(Value::String(held)) if held == id || held.is_empty() => {}
        None | Some(Value::Null) => {}
        Some(_) => {
            let detail = format!("the path names the {} {id:?}, and a name cannot be changed", noun.word);
            let hint = "leave it out, or create another one and remove this one";
            return Err(refusal::wrong(&format!("/{}", noun.name), &detail, Some(hint)));
        }
    }
    object.insert(noun.name.to_owned(), id.into());
    Ok(())
}

fn is_met(condition: &Condition, tag: &str) -> bool {
    match condition {
        Condition::Absent => false,
        Condition::Tag(tags) => tags.iter().any(|held| held == tag),
        _ => true,
    }
}
