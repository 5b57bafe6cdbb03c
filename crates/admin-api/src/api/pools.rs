//! Backends of routes and of upstreams.

use std::io::ErrorKind;

use config::{Backend, BackendAddress, Key, Upstream};
use control_plane::SetError;
use control_plane::changes::{Entry, View};
use health::Manual;
use http::StatusCode;
use serde_json::{Map, Value};

use super::ask::Ask;
use super::objects::{self, Noun, ROUTE, UPSTREAM};
use super::refusal::{self, Places};
use super::reply::Reply;
use super::shown::{self, Shower};
use super::writing;
use super::{percent, routes};
use crate::Problem;

/// The backends that a path is about.
struct Pool {
    /// The object that they stand in.
    key: Key,
    /// What the engine calls them.
    name: String,
    backends: Vec<Backend>,
    /// Whether the one backend is an upstream's `url`.
    is_url: bool,
}

pub(super) fn list(ask: &Ask) -> Result<Reply, Problem> {
    let view = ask.view();
    let pool = Pool::find(ask, &view)?;
    let entry = pool.entry(&view)?;
    objects::read(ask, entry.tag(), || Value::Array(pool.shown(ask, &view, entry)))
}

pub(super) fn get(ask: &Ask) -> Result<Reply, Problem> {
    let view = ask.view();
    let pool = Pool::find(ask, &view)?;
    let entry = pool.entry(&view)?;
    let shown = pool.shown_one(ask, &view, ask.segment("backend"))?;
    objects::read(ask, entry.tag(), || shown)
}

pub(super) fn add(ask: &Ask) -> Result<Reply, Problem> {
    let mut backend = Value::Object(ask.object()?.clone());
    shown::strip_backend(&mut backend);
    for name in ["id", "hostname"] {
        // A document takes `false` for the text that it is written with; what is known by it needs to be one.
        if backend.get(name).is_some_and(|held| !held.is_string() && !held.is_null()) {
            return Err(refusal::wrong(&format!("/{name}"), &format!("the {name} must be a text"), None));
        }
    }
    let id = identify(&mut backend);
    let wanted = || {
        let pool = Pool::find(ask, &ask.view())?;
        pool.refuse_url()?;
        if pool.backends.iter().any(|held| held.id == id) {
            return Err(refusal::exists(&format!("{} has a backend {id:?} already", pool.key), &id));
        }
        let places = Places::Below(format!("/backends/{}", pool.backends.len()));
        objects::derived(ask, &pool.key, places, |_, value| {
            Ok(with_backends(value, |backends| backends.push(backend.clone())))
        })
    };
    writing::write(ask, wanted, |_, _| {
        let owner = match ask.segment("route") {
            "" => UPSTREAM.path(ask.segment("upstream")),
            route => ROUTE.path(route),
        };
        let location = format!("{owner}/backends/{}", percent::encode(&id));
        answer(ask, &id).map_or_else(Reply::nothing, |reply| reply.created(&location))
    })
}

pub(super) fn remove(ask: &Ask) -> Result<Reply, Problem> {
    let id = ask.segment("backend");
    let wanted = || {
        let pool = Pool::find(ask, &ask.view())?;
        let place = pool.place(id)?;
        pool.refuse_url()?;
        objects::derived(ask, &pool.key, Places::Nowhere, |_, value| {
            Ok(with_backends(value, |backends| {
                if place < backends.len() {
                    backends.remove(place);
                }
            }))
        })
    };
    writing::write(ask, wanted, |_, _| Reply::nothing())
}

pub(super) fn dead(ask: &Ask) -> Result<Reply, Problem> {
    set(ask, Manual::Dead)
}

pub(super) fn drain(ask: &Ask) -> Result<Reply, Problem> {
    set(ask, Manual::Drain { keeps_sticky: ask.query.flag("keepSticky") })
}

pub(super) fn ready(ask: &Ask) -> Result<Reply, Problem> {
    set(ask, Manual::Ready)
}

fn set(ask: &Ask, state: Manual) -> Result<Reply, Problem> {
    if ask.body.is_some() {
        ask.object_of(&[])?;
    }
    let id = ask.segment("backend");
    let pool = Pool::find(ask, &ask.view())?;
    pool.place(id)?;
    ask.control().set_backend(&pool.name, id, state).map_err(|error| unset(&error))?;
    answer(ask, id).ok_or_else(|| refusal::missing("backend", id))
}

fn unset(error: &SetError) -> Problem {
    match error {
        SetError::Unknown { id, .. } => refusal::missing("backend", id),
        SetError::Store { source, .. } => {
            let detail = format!("{error}: {source}");
            let is_full = matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
            if is_full {
                Problem::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", detail)
            } else {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "storage_failed", detail)
            }
        }
        _ => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "refused", error.to_string()),
    }
}

/// A backend as it is now; `None` where somebody has removed it.
fn answer(ask: &Ask, id: &str) -> Option<Reply> {
    let view = ask.view();
    let pool = Pool::find(ask, &view).ok()?;
    let shown = pool.shown_one(ask, &view, id).ok()?;
    Some(Reply::json(&shown).tag(pool.entry(&view).ok()?.tag()))
}

impl Pool {
    /// The backends that the path is about: those of an upstream, of a route, or of the upstream that a route names.
    ///
    /// # Errors
    /// 404 where there is no such route or upstream, 409 where several are meant.
    fn find(ask: &Ask, view: &View) -> Result<Self, Problem> {
        if ask.segment("route").is_empty() {
            return Self::of_upstream(view, ask.segment("upstream"));
        }
        let key = routes::find(ask)?;
        let route = shown::route(view, &key.id).ok_or_else(|| refusal::missing("route", &key.id))?;
        match (&route.upstream, route.upstreams.as_slice()) {
            (Some(name), _) => Self::of_upstream(view, name),
            (None, []) => Ok(Self {
                name: route.inline_upstream().map(|upstream| upstream.name).unwrap_or_default(),
                backends: route.backends.clone(),
                is_url: false,
                key,
            }),
            (None, [one]) => Self::of_upstream(view, &one.name),
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|share| share.name.as_str()).collect();
                let detail = format!("the route {:?} has several upstreams: change one of them", route.id);
                Err(refusal::conflict("ambiguous", detail).with("candidates", names))
            }
        }
    }

    fn of_upstream(view: &View, name: &str) -> Result<Self, Problem> {
        let upstream = shown::upstream(view, name);
        let upstream: &Upstream = upstream.ok_or_else(|| refusal::missing("upstream", name))?;
        Ok(Self {
            key: UPSTREAM.key(name),
            name: name.to_owned(),
            backends: upstream.all_backends(),
            is_url: upstream.url.is_some(),
        })
    }

    fn entry<'v>(&self, view: &'v View) -> Result<&'v Entry, Problem> {
        let entry = view.entry(&self.key).map(AsRef::as_ref);
        entry.ok_or_else(|| refusal::missing(self.noun().word, &self.key.id))
    }

    fn noun(&self) -> Noun {
        if self.key.kind == ROUTE.kind { ROUTE } else { UPSTREAM }
    }

    /// Where a backend stands.
    fn place(&self, id: &str) -> Result<usize, Problem> {
        let place = self.backends.iter().position(|backend| backend.id == id);
        place.ok_or_else(|| refusal::missing("backend", id))
    }

    /// # Errors
    /// 409 where there is no list to add to, or to take from.
    fn refuse_url(&self) -> Result<(), Problem> {
        if !self.is_url {
            return Ok(());
        }
        let detail = format!(
            "{} has `url`, which is one backend; put it with `backends` in place of `url` first",
            self.key
        );
        Err(refusal::conflict("has_url", detail))
    }

    fn shown(&self, ask: &Ask, view: &View, entry: &Entry) -> Vec<Value> {
        let written = entry.value().get("backends").and_then(Value::as_array);
        let written = written.map(Vec::as_slice).unwrap_or_default();
        Shower::new(&ask.api, view).backends(&self.name, written, &self.backends)
    }

    fn shown_one(&self, ask: &Ask, view: &View, id: &str) -> Result<Value, Problem> {
        let place = self.place(id)?;
        let mut all = self.shown(ask, view, self.entry(view)?);
        if place < all.len() { Ok(all.swap_remove(place)) } else { Err(refusal::missing("backend", id)) }
    }
}

/// Gives a backend the id that the document would give it, if it has none.
fn identify(backend: &mut Value) -> String {
    // Whatever else is wrong with it, the document says.
    let told =
        |name: &&str| Some(((*name).to_owned(), backend.get(*name).filter(|held| !held.is_null())?.clone()));
    let told: Map<_, _> = ["id", "hostname", "port"].iter().filter_map(told).collect();
    let typed = serde_json::from_value::<Backend>(Value::Object(told)).unwrap_or_default();
    if !typed.id.is_empty() {
        return typed.id;
    }
    let id = match typed.address() {
        Ok(BackendAddress::Ip(address)) => address.to_string(),
        Ok(BackendAddress::Name(name, port)) => format!("{name}:{port}"),
        Ok(BackendAddress::Unix(_)) | Err(_) => typed.hostname,
    };
    // One that has something else in place of an id, or no hostname, is refused as it is.
    let has_none = |members: &Map<String, Value>| members.get("id").is_none_or(|id| id.is_null() || id == "");
    if let Some(members) = backend.as_object_mut().filter(|members| has_none(members) && !id.is_empty()) {
        members.insert("id".into(), id.clone().into());
    }
    id
}

/// An object with its list of backends changed.
fn with_backends(object: &Value, change: impl FnOnce(&mut Vec<Value>)) -> Value {
    let mut object = object.as_object().cloned().unwrap_or_default();
    let mut backends = match object.remove("backends") {
        Some(Value::Array(backends)) => backends,
        _ => Vec::new(),
    };
    change(&mut backends);
    object.insert("backends".into(), backends.into());
    Value::Object(object)
}
