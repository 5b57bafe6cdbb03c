//! Upstreams.

use config::Key;
use serde_json::Value;

use super::ask::Ask;
use super::objects::{self, UPSTREAM};
use super::refusal;
use super::reply::Reply;
use super::shown;
use super::writing;
use crate::Problem;

pub(super) fn list(ask: &Ask) -> Result<Reply, Problem> {
    objects::list(ask, UPSTREAM)
}

pub(super) fn create(ask: &Ask) -> Result<Reply, Problem> {
    let mut object = ask.object()?.clone();
    shown::strip(&mut object);
    let Some(name) = object.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
        return Err(refusal::wrong("/name", "the upstream needs a name", None));
    };
    let key = UPSTREAM.key(name);
    let wanted = || {
        if ask.view().entry(&key).is_some() {
            return Err(refusal::exists(&format!("there is an upstream {:?} already", key.id), &key.id));
        }
        Ok(objects::new(&key, object.clone()))
    };
    writing::write(ask, wanted, |_, key| objects::after(ask, UPSTREAM, key, true))
}

pub(super) fn get(ask: &Ask) -> Result<Reply, Problem> {
    objects::get(ask, &named(ask))
}

pub(super) fn put(ask: &Ask) -> Result<Reply, Problem> {
    objects::put(ask, UPSTREAM, &named(ask))
}

pub(super) fn patch(ask: &Ask) -> Result<Reply, Problem> {
    objects::patch(ask, UPSTREAM, &named(ask))
}

pub(super) fn delete(ask: &Ask) -> Result<Reply, Problem> {
    objects::delete(ask, &named(ask))
}

fn named(ask: &Ask) -> Key {
    UPSTREAM.key(ask.segment("upstream"))
}
