//! Trees from JSON, and back.

use super::{NodeId, Scalar, Tree, Value};
use crate::{Secret, secret::is_marker, source::Spot};
use serde_json::Value as Json;

/// How deep lists and maps of a JSON value may be in each other.
const DEPTH_MAX: usize = 64;

impl Tree {
    /// The nodes of a JSON value; they hang nowhere yet. `None` where it is too deep.
    pub(crate) fn push_json(&mut self, json: &Json) -> Option<NodeId> {
        self.push_json_at(json, 0)
    }

    fn push_json_at(&mut self, json: &Json, depth: usize) -> Option<NodeId> {
        if depth > DEPTH_MAX {
            return None;
        }
        Some(match json {
            Json::Null => self.push_scalar("null", true),
            Json::Bool(value) => self.push_scalar(&value.to_string(), true),
            Json::Number(number) => self.push_scalar(&number.to_string(), true),
            Json::String(text) => self.push_scalar(text, is_spelled_number(text)),
            Json::Array(items) => {
                let list = self.push_list();
                for item in items {
                    let item = self.push_json_at(item, depth + 1)?;
                    self.put_item(list, item);
                }
                list
            }
            Json::Object(entries) => {
                let map = self.push(Value::Map(Vec::with_capacity(entries.len())), Spot::NOWHERE);
                for (key, value) in entries {
                    let (key, value) = (self.push_scalar(key, false), self.push_json_at(value, depth + 1)?);
                    self.put_entry(map, key, value);
                }
                map
            }
        })
    }

    /// What a node says as JSON, without what is nothing; `seal` gives what stands for a secret, and `is_left_out` says of a key
    /// whether it is left out.
    pub(crate) fn json(
        &self,
        id: NodeId,
        seal: &mut dyn FnMut(&Secret) -> String,
        is_left_out: &dyn Fn(NodeId) -> bool,
    ) -> Json {
        match &self.node(id).value {
            Value::Scalar(scalar) if scalar.is_null() => Json::Null,
            Value::Scalar(scalar) if self.is_secret(id) || is_marker(&scalar.text) => {
                Json::String(seal(&Secret::new(&*scalar.text)))
            }
            Value::Scalar(scalar) => scalar_json(scalar),
            Value::List(items) => items.iter().map(|item| self.json(*item, seal, is_left_out)).collect(),
            Value::Map(entries) => {
                let mut map = serde_json::Map::new();
                for (key, value) in entries {
                    let is_null =
                        matches!(&self.node(*value).value, Value::Scalar(scalar) if scalar.is_null());
                    if !is_null && !is_left_out(*key) {
                        let name = self.text(*key).unwrap_or_default();
                        map.insert(name.into(), self.json(*value, seal, is_left_out));
                    }
                }
                Json::Object(map)
            }
        }
    }

    /// Every scalar that is no key.
    pub(crate) fn scalars(&self) -> impl Iterator<Item = NodeId> {
        let all = std::iter::zip(0.., &self.nodes).map(|(index, node)| (NodeId(index), node));
        let scalars = all.filter(|(_, node)| matches!(node.value, Value::Scalar(_)));
        scalars.map(|(id, _)| id).filter(|id| self.key(*id) != Some(*id))
    }

    /// Puts other texts into scalars, such as secrets into the place of their markers.
    pub(crate) fn set_texts(&mut self, texts: Vec<(NodeId, Secret)>) {
        for (id, text) in texts {
            if let Some(Value::Scalar(scalar)) = self.node_mut(id).map(|node| &mut node.value) {
                scalar.text = text.expose().into();
                scalar.plain = false;
            }
        }
    }
}

/// A number or a boolean only where its text is exactly that: what was written as text stays text.
fn scalar_json(scalar: &Scalar) -> Json {
    let text = &*scalar.text;
    if !scalar.plain && !scalar.expanded {
        return text.into();
    }
    match text {
        "true" => true.into(),
        "false" => false.into(),
        _ => {
            number(text).filter(|number| number.to_string() == text).map_or_else(|| text.into(), Json::Number)
        }
    }
}

fn number(text: &str) -> Option<serde_json::Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    if let Ok(number) = text.parse::<u64>() {
        return Some(number.into());
    }
    match text.parse::<i64>() {
        Ok(number) => Some(number.into()),
        Err(_) => serde_json::Number::from_f64(text.parse().ok()?),
    }
}

/// A number in other letters than JSON has for it, as `1.10`, which JSON keeps as text.
fn is_spelled_number(text: &str) -> bool {
    number(text).is_some_and(|number| number.to_string() != text)
}
