//! A document as its objects.

use super::{ClusterText, Object, Origin, json};
use crate::{
    Backend, Document, Fields, Key, Kind, Route, Upstream,
    source::Source,
    tree::{Tree, Value},
};
use serde_json::Value as Json;
use std::sync::Arc;

/// The objects of a native file without errors, in order.
pub(crate) fn of_native(document: &Document, source: &Arc<Source>, tree: &Arc<Tree>) -> Vec<Object> {
    let mut objects = Vec::new();
    let object = |kind, id: &str, root| {
        Object::new(Key::new(kind, id), Arc::clone(tree), root, Origin::File(Arc::clone(source)))
    };
    for (key, value) in tree.entries(Tree::ROOT) {
        let Some(name) = tree.text(*key) else { continue };
        if matches!(&tree.node(*value).value, Value::Scalar(scalar) if scalar.is_null()) {
            continue;
        }
        match Kind::ALL.into_iter().find(|kind| kind.list() == Some(name)) {
            None => objects.push(object(Kind::Section, name, *value)),
            Some(kind) => {
                let items = tree.items(*value).iter().zip(document.ids(kind));
                objects.extend(items.map(|(item, id)| object(kind, id, *item)));
            }
        }
    }
    objects.sort_by_key(|object| object.key().kind);
    objects
}

/// The objects of a file of the clustered proxy without errors, in native form.
pub(crate) fn of_cluster(document: &Document, file: &ClusterText) -> Vec<Object> {
    let mut objects = Vec::new();
    let default = to_json(&Document::default());
    for (name, value) in entries(pruned(to_json(&document.sections()), &default)) {
        objects.extend(of_value(Key::new(Kind::Section, &name), &value, None, (file, name)));
    }
    let default = to_json(&Upstream::default());
    for (index, upstream) in document.upstreams.iter().enumerate() {
        let value = with_backends(pruned(to_json(upstream), &default));
        let key = Key::new(Kind::Upstream, &upstream.name);
        objects.extend(of_value(key, &value, None, (file, format!("upstreams[{index}]"))));
    }
    let default = to_json(&Route::default());
    for (index, route) in document.routes.iter().enumerate() {
        let value = pruned(to_json(route), &default);
        let key = Key::new(Kind::Route, &route.id);
        objects.extend(of_value(key, &value, Some(&route.headers), (file, format!("routes[{index}]"))));
    }
    objects
}

/// An object from its JSON, which has no order of keys: that of fields is given apart.
fn of_value(
    key: Key,
    value: &Json,
    fields: Option<&Fields>,
    origin: (&ClusterText, String),
) -> Option<Object> {
    let mut tree = Tree::of_a_map();
    let root = json::hang(&mut tree, &key, value)?;
    if let (Some(fields), Some(map)) = (fields, tree.get(root, "headers")) {
        tree.order(map, |name| fields.iter().position(|(field, _)| field == name).unwrap_or(usize::MAX));
    }
    let (file, at) = origin;
    Some(Object::new(key, Arc::new(tree), root, Origin::Cluster { file: file.clone(), at }))
}

/// Nothing of these documents is a secret, and each has texts for keys: nothing can fail.
fn to_json(value: &impl serde::Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

fn entries(value: Json) -> impl Iterator<Item = (String, Json)> {
    let map = if let Json::Object(map) = value { map } else { serde_json::Map::new() };
    map.into_iter()
}

/// A value without what the default says, too.
fn pruned(value: Json, default: &Json) -> Json {
    match (value, default) {
        (Json::Object(map), Json::Object(default)) => {
            let said = map.into_iter().filter(|(key, value)| default.get(key) != Some(value));
            said.map(|(key, value)| {
                let value = pruned(value, default.get(&key).unwrap_or(&Json::Null));
                (key, value)
            })
            .collect()
        }
        (value, _) => value,
    }
}

fn with_backends(mut upstream: Json) -> Json {
    if let Some(Json::Array(backends)) = upstream.get_mut("backends") {
        let default = to_json(&Backend::default());
        for backend in backends {
            *backend = pruned(backend.take(), &default);
        }
    }
    upstream
}
