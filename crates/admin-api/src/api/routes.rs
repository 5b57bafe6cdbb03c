//! Routes.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use config::{HostPattern, Key, PathPattern, Route};
use control_plane::changes::View;
use serde_json::{Map, Value};

use super::ask::Ask;
use super::objects::{self, ROUTE};
use super::refusal;
use super::reply::Reply;
use super::shown;
use super::writing;
use crate::Problem;

pub(super) fn list(ask: &Ask) -> Result<Reply, Problem> {
    objects::list(ask, ROUTE)
}

pub(super) fn create(ask: &Ask) -> Result<Reply, Problem> {
    // Nobody creates another one between the look and the change.
    let _one_at_a_time = ask.api.creating.lock().unwrap_or_else(PoisonError::into_inner);
    let mut object = ask.object()?.clone();
    shown::strip(&mut object);
    let wanted = || {
        let (id, object) = identified(&ask.view(), object.clone())?;
        Ok(objects::new(&ROUTE.key(&id), object))
    };
    writing::write(ask, wanted, |_, key| objects::after(ask, ROUTE, key, true))
}

/// A new route with its id.
///
/// # Errors
/// 409 where another one has the id, or answers the same requests.
fn identified(view: &View, mut object: Map<String, Value>) -> Result<(String, Map<String, Value>), Problem> {
    let asked = Matching::of(&object);
    let is_same = |route: &Route| asked.as_ref().is_some_and(|asked| asked.is_of(route));
    if let Some(twin) = view.loaded.document.routes.iter().find(|route| is_same(route)) {
        let detail = format!("the route {:?} has the same vHost, path, methods and match", twin.id);
        return Err(refusal::exists(&detail, &twin.id));
    }
    let id = match object.get("id") {
        Some(Value::String(id)) if !id.is_empty() => id.clone(),
        None | Some(Value::Null | Value::String(_)) => free_id(view, &object),
        Some(_) => return Err(refusal::wrong("/id", "the id must be a text", None)),
    };
    if view.entry(&ROUTE.key(&id)).is_some() {
        return Err(refusal::exists(&format!("there is a route {id:?} already"), &id));
    }
    object.insert("id".into(), id.clone().into());
    Ok((id, object))
}

pub(super) fn get(ask: &Ask) -> Result<Reply, Problem> {
    objects::get(ask, &find(ask)?)
}

pub(super) fn put(ask: &Ask) -> Result<Reply, Problem> {
    let named = ask.segment("route");
    let key = found(&ask.view(), named)?.unwrap_or_else(|| ROUTE.key(named));
    objects::put(ask, ROUTE, &key)
}

pub(super) fn patch(ask: &Ask) -> Result<Reply, Problem> {
    objects::patch(ask, ROUTE, &find(ask)?)
}

pub(super) fn delete(ask: &Ask) -> Result<Reply, Problem> {
    objects::delete(ask, &find(ask)?)
}

/// The route that the path names, by its id or its vHost.
///
/// # Errors
/// 404 where there is none, 409 where several have that vHost.
pub(super) fn find(ask: &Ask) -> Result<Key, Problem> {
    let named = ask.segment("route");
    found(&ask.view(), named)?.ok_or_else(|| refusal::missing("route", named))
}

/// # Errors
/// 409 where several routes have that vHost.
fn found(view: &View, named: &str) -> Result<Option<Key>, Problem> {
    let key = ROUTE.key(named);
    if view.entry(&key).is_some() {
        return Ok(Some(key));
    }
    let has_host = |route: &Route| route.v_host.to_string().eq_ignore_ascii_case(named);
    let routes = view.loaded.document.routes.iter().filter(|route| has_host(route));
    let ids: Vec<&str> = routes.map(|route| route.id.as_str()).collect();
    match ids.as_slice() {
        [] => Ok(None),
        [id] => Ok(Some(ROUTE.key(id))),
        several => {
            let detail = format!("{} routes have the vHost {named:?}: name one by its id", several.len());
            Err(refusal::conflict("ambiguous", detail).with("candidates", ids))
        }
    }
}

/// What makes two routes answer the same requests.
struct Matching {
    host: HostPattern,
    path: PathPattern,
    methods: BTreeSet<String>,
    conditions: config::Match,
}

impl Matching {
    /// That of an object; `None` where it is no route.
    fn of(object: &Map<String, Value>) -> Option<Self> {
        Some(Self {
            host: read(object, "vHost")?,
            path: read(object, "path")?,
            methods: read::<Vec<String>>(object, "methods")?.into_iter().collect(),
            conditions: read(object, "match")?,
        })
    }

    fn is_of(&self, route: &Route) -> bool {
        self.host == route.v_host
            && self.path == route.path
            && self.conditions == route.conditions
            && self.methods == route.methods.iter().cloned().collect()
    }
}

fn read<T: serde::de::DeserializeOwned + Default>(object: &Map<String, Value>, name: &str) -> Option<T> {
    match object.get(name) {
        None | Some(Value::Null) => Some(T::default()),
        Some(value) => serde_json::from_value(value.clone()).ok(),
    }
}

/// The id that the document gives a route without one.
fn free_id(view: &View, object: &Map<String, Value>) -> String {
    let host = read::<HostPattern>(object, "vHost").unwrap_or_default().to_string();
    let path = read::<PathPattern>(object, "path").unwrap_or_default();
    let is_tcp = object.get("mode").and_then(Value::as_str) == Some("tcp");
    let name = if is_tcp { host } else { format!("{host}{path}") };
    let is_free = |id: &String| view.entry(&ROUTE.key(id)).is_none();
    let numbered = (2_u64..).map(|number| format!("{name}#{number}"));
    std::iter::once(name.clone()).chain(numbered).find(is_free).unwrap_or(name)
}
