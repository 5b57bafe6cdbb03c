//! Reading.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::{Head, KINDS, LAYERS, thing};
use crate::store::frame::Checksum;
use crate::store::layers::{Entry, Layers, ObjectChange};
use crate::store::moment;
use crate::store::record::{Confirmation, Record, What};
use config::Key;

/// The revision that a file is of, and the checksum of the one that it follows.
pub(in crate::store) fn record(body: &[u8]) -> Option<(Record, Head)> {
    let mut fields = fields(body)?;
    let parent = fields.get("parent")?.as_u64()?;
    let record = Record {
        number: fields.get("number")?.as_u64()?,
        parent,
        at: time(fields.get("at")?)?,
        by: text(fields.get("by")?)?,
        what: what(fields.get("what")?)?,
        summary: text(fields.get("summary")?)?,
        confirm_until: optional(&fields, "confirmUntil", time)?,
        confirmed: None,
        file_digest: optional(&fields, "fileDigest", text)?,
        pinned_from: optional(&fields, "pinnedFrom", text)?,
        changes: list(fields.remove("changes")?, change)?,
    };
    Some((record, Head { number: parent, checksum: checksum(fields.get("parentChecksum")?)? }))
}

/// Which revision was confirmed, and by whom.
pub(in crate::store) fn confirmation(body: &[u8]) -> Option<(Head, Confirmation)> {
    let fields = fields(body)?;
    let confirmation = Confirmation { at: time(fields.get("at")?)?, by: text(fields.get("by")?)? };
    Some((head(&fields)?, confirmation))
}

/// All objects, and after which revision they are so.
pub(in crate::store) fn layers(body: &[u8]) -> Option<(Head, Layers)> {
    let mut fields = fields(body)?;
    let mut objects = |layer| -> Option<BTreeMap<Key, Entry>> {
        let objects: Vec<_> =
            list(fields.remove(layer)?, |mut object| Some((key(&object)?, entry(&mut object)?)))?;
        Some(objects.into_iter().collect())
    };
    let layers = Layers { file: objects("file")?, api: objects("api")? };
    Some((head(&fields)?, layers))
}

fn fields(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body).ok()? {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

fn head(fields: &Map<String, Value>) -> Option<Head> {
    Some(Head { number: fields.get("number")?.as_u64()?, checksum: checksum(fields.get("checksum")?)? })
}

fn list<T>(value: Value, read: impl FnMut(Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Array(values) => values.into_iter().map(read).collect(),
        _ => None,
    }
}

fn change(mut object: Value) -> Option<ObjectChange> {
    let layer = thing(&LAYERS, object.get("layer")?.as_str()?)?;
    let after = if object.get("sequence").is_some() { Some(entry(&mut object)?) } else { None };
    Some(ObjectChange { key: key(&object)?, layer, after })
}

fn key(object: &Value) -> Option<Key> {
    Some(Key { kind: thing(&KINDS, object.get("kind")?.as_str()?)?, id: text(object.get("id")?)? })
}

fn entry(object: &mut Value) -> Option<Entry> {
    let sequence = object.get("sequence")?.as_u64()?;
    Some(Entry { sequence, value: Arc::new(object.get_mut("value")?.take()) })
}

fn what(value: &Value) -> Option<What> {
    Some(match value.get("kind")?.as_str()? {
        "start" => What::Start,
        "write" => What::Write,
        "file" => What::File,
        "rollback" => What::Rollback { to: value.get("to")?.as_u64()? },
        "reverted" => {
            What::Reverted { number: value.get("number")?.as_u64()?, why: text(value.get("why")?)? }
        }
        _ => return None,
    })
}

/// A field that need not be there: outside `None` where it is, and cannot be read.
fn optional<T>(
    fields: &Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<Option<T>> {
    fields.get(name).map_or(Some(None), |value| read(value).map(Some))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn time(value: &Value) -> Option<SystemTime> {
    moment::read(value.as_str()?)
}

fn checksum(value: &Value) -> Option<Checksum> {
    Checksum::read(value.as_str()?.as_bytes())
}
