//! What the API's objects must be after what was acknowledged.

use std::collections::BTreeMap;

use harness::tls::{Authority, Leaf};
use serde_json::{Value, json};

use crate::it::random::Random;

/// Objects by their list and their name. Keys of certificates are told by [`KEY`].
pub(super) type Objects = BTreeMap<(String, String), Value>;

/// Stands for each marker of a key.
pub(super) const KEY: &str = "secret";

/// Certificates are for these.
const NAMES: [&str; 2] = ["one.test", "two.test"];

/// A write of one object.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    key: (String, String),
}

impl Write {
    /// What is there once it has been made.
    pub(super) fn applied(&self, before: &Objects) -> Objects {
        let mut after = before.clone();
        let mut value = match (self.method, &self.body) {
            ("DELETE", _) | (_, None) => {
                after.remove(&self.key);
                return after;
            }
            ("PATCH", Some(patch)) => merged(before.get(&self.key).cloned().unwrap_or_default(), patch),
            (_, Some(body)) => body.clone(),
        };
        let name = if self.key.0 == "upstreams" { "name" } else { "id" };
        value[name] = self.key.1.clone().into();
        if let Some(members) = value.as_object_mut().filter(|_| self.key.0 == "certificates") {
            members.remove("domain");
            members.insert("key".into(), KEY.into());
        }
        after.insert(self.key.clone(), value);
        after
    }
}

/// A merge patch: RFC 7396.
fn merged(mut value: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    if !value.is_object() {
        value = json!({});
    }
    for (name, patch) in patch {
        if patch.is_null() {
            value.as_object_mut().unwrap().remove(name);
        } else {
            value[name] = merged(value[name].take(), patch);
        }
    }
    value
}

/// Makes writes of all kinds.
pub(super) struct Writes {
    number: u64,
    leaves: Vec<(&'static str, Leaf)>,
}

impl Writes {
    pub(super) fn new() -> Self {
        let authority = Authority::new("root");
        let leaves = (0..4).map(|number| NAMES[number % 2]).map(|name| (name, authority.leaf(&[name])));
        Self { number: 0, leaves: leaves.collect() }
    }

    /// A write that can be made of these objects, and changes something.
    pub(super) fn next(&mut self, random: &mut Random, objects: &Objects) -> Write {
        loop {
            let write = self.any(random);
            let is_there = objects.contains_key(&write.key);
            let can_be = match write.method {
                "DELETE" => is_there && !is_used(objects, &write.key),
                "PATCH" => is_there,
                _ => names_what_is_there(objects, &write.body),
            };
            if can_be && write.applied(objects) != *objects {
                return write;
            }
        }
    }

    fn any(&mut self, random: &mut Random) -> Write {
        self.number += 1;
        let (number, which) = (self.number, random.below(4));
        let (route, upstream) = (format!("r{which}"), format!("u{which}"));
        match random.below(12) {
            0..=2 => Self::of("PUT", "routes", &route, Some(says(which, number))),
            3 => {
                let body = json!({ "vHost": format!("r{which}.test"), "path": "/app", "upstream": upstream });
                Self::of("PUT", "routes", &format!("{route}-app"), Some(body))
            }
            4 => {
                let patch = json!({ "responseHeaders": { "set": { "X-Number": number.to_string() } } });
                Self::of("PATCH", "routes", &route, Some(patch))
            }
            5 => Self::of("DELETE", "routes", &format!("{route}{}", random.one_of(&["", "-app"])), None),
            6 | 7 => {
                let backends = json!([{ "id": "a", "hostname": "127.0.0.1", "port": number }]);
                Self::of("PUT", "upstreams", &upstream, Some(json!({ "backends": backends })))
            }
            8 => {
                let strategy = *random.one_of(&["RANDOM", "IP_HASH", "LEAST_LATENCY"]);
                Self::of("PATCH", "upstreams", &upstream, Some(json!({ "strategy": strategy })))
            }
            9 => Self::of("DELETE", "upstreams", &upstream, None),
            10 => Self::of("DELETE", "certificates", random.one_of::<&str>(&NAMES), None),
            _ => self.certificate(random),
        }
    }

    /// A certificate.
    pub(super) fn certificate(&self, random: &mut Random) -> Write {
        let (domain, leaf) = random.one_of(&self.leaves);
        let body = json!({ "domain": domain, "cert": leaf.pem(), "key": leaf.key_pem() });
        let key = ("certificates".to_owned(), (*domain).to_owned());
        Write { method: "POST", path: "/certificates".into(), body: Some(body), key }
    }

    fn of(method: &'static str, list: &str, name: &str, body: Option<Value>) -> Write {
        Write { method, path: format!("/{list}/{name}"), body, key: (list.into(), name.into()) }
    }
}

/// A route to the proxy itself that says a number.
pub(super) fn says(which: u64, number: u64) -> Value {
    json!({ "vHost": format!("r{which}.test"), "respond": { "status": 200, "body": number.to_string() } })
}

fn is_used(objects: &Objects, (list, name): &(String, String)) -> bool {
    list == "upstreams" && objects.values().any(|object| object["upstream"] == **name)
}

fn names_what_is_there(objects: &Objects, body: &Option<Value>) -> bool {
    let upstream = body.as_ref().and_then(|body| body["upstream"].as_str());
    upstream.is_none_or(|name| objects.contains_key(&("upstreams".into(), name.into())))
}
