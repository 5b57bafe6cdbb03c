//! Objects as they are shown: what the document says, with what somebody who knows contract and engine expects beside it; and
//! the way back, so that what was shown can be put again and changes nothing.

use std::collections::HashMap;

use config::{Backend, Kind, Route, Upstream};
use control_plane::ControlPlane;
use control_plane::changes::{Entry, View};
use metrics::Scope;
use proxy_core::BackendStatus;
use serde_json::{Map, Value, json};

use super::{Api, moment};

/// Members of objects that are shown alone.
const OF_OBJECTS: [&str; 2] = ["source", "shadows"];
/// Members of backends that are shown alone.
const OF_BACKENDS: [&str; 7] =
    ["isDead", "deadSince", "failureCount", "inFlight", "status", "outages", "latencyMs"];

/// Shows objects of a view.
pub(super) struct Shower<'a> {
    api: &'a Api,
    view: &'a View,
}

impl<'a> Shower<'a> {
    pub(super) fn new(api: &'a Api, view: &'a View) -> Self {
        Self { api, view }
    }

    /// An object.
    pub(super) fn object(&self, entry: &Entry) -> Value {
        let id = entry.key.id.as_str();
        match entry.key.kind {
            Kind::Route => self.route(entry, route(self.view, id)),
            Kind::Upstream => self.upstream(entry, upstream(self.view, id)),
            _ => Value::Object(self.plain(entry)),
        }
    }

    /// Many objects of one kind.
    pub(super) fn objects(&self, kind: Kind, entries: &[&Entry]) -> Vec<Value> {
        let document = &self.view.loaded.document;
        let routes = document.routes.iter().filter(|_| kind == Kind::Route);
        let routes: HashMap<&str, &Route> =
            routes.map(|route| -> (&str, &Route) { (&route.id, route) }).collect();
        let upstreams = document.upstreams.iter().filter(|_| kind == Kind::Upstream);
        let upstreams: HashMap<&str, &Upstream> =
            upstreams.map(|upstream| -> (&str, &Upstream) { (&upstream.name, upstream) }).collect();
        let show = |entry: &&Entry| {
            let id = entry.key.id.as_str();
            match kind {
                Kind::Route => self.route(entry, routes.get(id).copied()),
                Kind::Upstream => self.upstream(entry, upstreams.get(id).copied()),
                _ => Value::Object(self.plain(entry)),
            }
        };
        entries.iter().map(show).collect()
    }

    /// The backends of a pool, each with how it is.
    pub(super) fn backends(&self, pool: &str, written: &[Value], typed: &[Backend]) -> Vec<Value> {
        let states = States::of(self.api.documents.control(), pool);
        let show = |(index, typed): (usize, &Backend)| {
            let mut shown = written.get(index).and_then(Value::as_object).cloned().unwrap_or_default();
            if shown.is_empty() {
                shown.insert("hostname".into(), typed.hostname.clone().into());
                shown.extend(typed.port.map(|port| ("port".to_owned(), port.into())));
            }
            shown.insert("id".into(), typed.id.clone().into());
            let figures = self.api.figures(Scope::Backend { upstream: pool, id: &typed.id });
            shown.insert("failureCount".into(), figures.errors.into());
            shown.extend(states.of_backend(&typed.id));
            Value::Object(shown)
        };
        typed.iter().enumerate().map(show).collect()
    }

    fn route(&self, entry: &Entry, route: Option<&Route>) -> Value {
        let mut shown = self.plain(entry);
        let Some(route) = route else { return Value::Object(shown) };
        shown.entry("vHost").or_insert_with(|| route.v_host.to_string().into());
        shown.entry("path").or_insert_with(|| route.path.to_string().into());
        shown.entry("autoHttps").or_insert_with(|| route.auto_https.into());
        if let Some(pool) = route.inline_upstream() {
            shown.entry("strategy").or_insert_with(|| pool.strategy.to_string().into());
            self.put_backends(&mut shown, &pool.name, &route.backends);
        }
        Value::Object(shown)
    }

    fn upstream(&self, entry: &Entry, upstream: Option<&Upstream>) -> Value {
        let mut shown = self.plain(entry);
        let Some(upstream) = upstream else { return Value::Object(shown) };
        shown.entry("strategy").or_insert_with(|| upstream.strategy.to_string().into());
        // One with `url` has no `backends`, and would not be taken back with them.
        if upstream.url.is_none() {
            self.put_backends(&mut shown, &upstream.name, &upstream.backends);
        }
        Value::Object(shown)
    }

    fn put_backends(&self, shown: &mut Map<String, Value>, pool: &str, typed: &[Backend]) {
        let written = shown.get("backends").and_then(Value::as_array).cloned().unwrap_or_default();
        shown.insert("backends".into(), self.backends(pool, &written, typed).into());
    }

    fn plain(&self, entry: &Entry) -> Map<String, Value> {
        let mut shown = entry.value().as_object().cloned().unwrap_or_default();
        shown.insert("source".into(), entry.owner.as_str().into());
        if self.view.shadowed(&entry.key).is_some() {
            shown.insert("shadows".into(), true.into());
        }
        shown
    }
}

/// How the backends of a pool are.
struct States(HashMap<String, Vec<BackendStatus>>);

impl States {
    fn of(control: &ControlPlane, pool: &str) -> Self {
        let mut states: HashMap<String, Vec<BackendStatus>> = HashMap::new();
        for status in control.backends(pool) {
            // One whose name stands for several addresses is several: `id@address`.
            if let Some((id, _)) = status.id.rsplit_once('@') {
                states.entry(id.to_owned()).or_default().push(status.clone());
            }
            states.entry(status.id.clone()).or_default().push(status);
        }
        Self(states)
    }

    fn of_backend(&self, id: &str) -> Map<String, Value> {
        let members = self.0.get(id).map(Vec::as_slice).unwrap_or_default();
        let is_dead = !members.is_empty() && members.iter().all(|member| member.outage.is_death());
        let takes_none = !members.is_empty() && members.iter().all(|member| !member.outage.is_none());
        let mut outages: Vec<&str> = members.iter().flat_map(|member| member.outage.names()).collect();
        outages.sort_unstable();
        outages.dedup();
        let in_flight: u64 = members.iter().map(|member| u64::from(member.in_flight)).sum();
        let status = match (is_dead, takes_none) {
            (true, _) => "dead",
            (false, true) => "draining",
            (false, false) => "ready",
        };
        let mut told = Map::new();
        told.insert("isDead".into(), is_dead.into());
        // It is dead since the last of its addresses is.
        if let Some(since) = members.iter().filter_map(|member| member.dead_since).max().filter(|_| is_dead) {
            told.insert("deadSince".into(), moment::to_second(since).into());
        }
        told.insert("status".into(), status.into());
        told.insert("outages".into(), json!(outages));
        told.insert("inFlight".into(), in_flight.into());
        let latency = members.iter().filter_map(|member| member.latency).max();
        if let Some(latency) = latency {
            let millis = (latency.as_secs_f64() * 1_000_000.0).round() / 1000.0;
            told.insert("latencyMs".into(), millis.into());
        }
        told
    }
}

/// A route of the document.
pub(super) fn route<'v>(view: &'v View, id: &str) -> Option<&'v Route> {
    view.loaded.document.routes.iter().find(|route| route.id == id).map(|route| -> &Route { route })
}

/// An upstream of the document.
pub(super) fn upstream<'v>(view: &'v View, name: &str) -> Option<&'v Upstream> {
    let mut upstreams = view.loaded.document.upstreams.iter();
    upstreams.find(|upstream| upstream.name == name).map(|upstream| -> &Upstream { upstream })
}

/// An object without what is shown alone.
pub(super) fn strip(object: &mut Map<String, Value>) {
    OF_OBJECTS.iter().for_each(|name| drop(object.remove(*name)));
    for backend in object.get_mut("backends").and_then(Value::as_array_mut).into_iter().flatten() {
        strip_backend(backend);
    }
}

/// A backend without what is shown alone.
pub(super) fn strip_backend(backend: &mut Value) {
    if let Some(members) = backend.as_object_mut() {
        OF_BACKENDS.iter().for_each(|name| drop(members.remove(*name)));
    }
}

/// Takes out of an object what it has only since it was shown: members that are not written, and say what was shown for them.
pub(super) fn restore(object: &mut Map<String, Value>, shown: &Value, written: &Value) {
    restore_members(object, shown, written);
    let list = |value: &Value| value.get("backends").and_then(Value::as_array).cloned().unwrap_or_default();
    let (shown, written) = (list(shown), list(written));
    for backend in object.get_mut("backends").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(members) = backend.as_object_mut() else { continue };
        let id = members.get("id").cloned();
        let place = shown.iter().position(|shown| id.is_some() && shown.get("id") == id.as_ref());
        if let Some((shown, written)) = place.and_then(|place| shown.get(place).zip(written.get(place))) {
            restore_members(members, shown, written);
        }
    }
}

fn restore_members(object: &mut Map<String, Value>, shown: &Value, written: &Value) {
    object.retain(|name, value| written.get(name).is_some() || shown.get(name) != Some(value));
}

#[cfg(test)]
mod tests;
