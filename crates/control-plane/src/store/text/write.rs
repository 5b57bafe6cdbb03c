//! Writing.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::{Head, KINDS, LAYERS, TooMuch, word};
use crate::store::layers::{Entry, Layer, Layers, ObjectChange};
use crate::store::moment;
use crate::store::record::{Confirmation, Record, What};
use config::Key;

/// Whoever asks for a change decides how deep its values are, and `serde_json` reads 127 levels. What lies around a value
/// takes three of them.
const DEEPEST: usize = 120;

/// What the file of a revision says.
///
/// # Errors
/// It could not be read again.
pub(in crate::store) fn to_record(record: &Record, follows: Head) -> Result<Vec<u8>, TooMuch> {
    let values = record.changes.iter().filter_map(|change| change.after.as_ref());
    let mut times = [Some(record.at), record.confirm_until].into_iter().flatten();
    if !values.into_iter().all(|entry| is_within(&entry.value, DEEPEST)) || !times.all(is_read) {
        return Err(TooMuch);
    }
    let mut fields = Map::new();
    fields.insert("number".into(), record.number.into());
    fields.insert("parent".into(), record.parent.into());
    fields.insert("parentChecksum".into(), follows.checksum.to_text().into());
    fields.insert("at".into(), moment::to_text(record.at).into());
    fields.insert("by".into(), record.by.as_str().into());
    fields.insert("what".into(), what(&record.what));
    fields.insert("summary".into(), record.summary.as_str().into());
    let optional = [
        ("confirmUntil", record.confirm_until.map(moment::to_text)),
        ("fileDigest", record.file_digest.clone()),
        ("pinnedFrom", record.pinned_from.clone()),
    ];
    fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into()))));
    let mut bytes = open(&Value::Object(fields))?;
    bytes.extend_from_slice(b",\"changes\":");
    list(&mut bytes, &record.changes, change)?;
    bytes.push(b'}');
    Ok(bytes)
}

/// What the file says by which a revision was confirmed.
///
/// # Errors
/// It could not be read again.
pub(in crate::store) fn to_confirmation(of: Head, confirmation: &Confirmation) -> Result<Vec<u8>, TooMuch> {
    if !is_read(confirmation.at) {
        return Err(TooMuch);
    }
    let (checksum, at) = (of.checksum.to_text(), moment::to_text(confirmation.at));
    let fields = json!({ "number": of.number, "checksum": checksum, "at": at, "by": confirmation.by });
    serde_json::to_vec(&fields).map_err(|_| TooMuch)
}

/// What the file of all objects says, as they are after a revision.
///
/// # Errors
/// It could not be read again.
pub(in crate::store) fn to_layers(layers: &Layers, after: Head) -> Result<Vec<u8>, TooMuch> {
    let mut bytes = open(&json!({ "number": after.number, "checksum": after.checksum.to_text() }))?;
    for (layer, name) in LAYERS {
        bytes.extend_from_slice(b",\"");
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b"\":");
        let objects: &BTreeMap<Key, Entry> = layers.of(layer);
        list(&mut bytes, objects, |bytes, (key, entry)| object(bytes, key, None, Some(entry)))?;
    }
    bytes.push(b'}');
    Ok(bytes)
}

/// An object without its end, so that more fields can follow.
fn open(fields: &Value) -> Result<Vec<u8>, TooMuch> {
    let mut bytes = serde_json::to_vec(fields).map_err(|_| TooMuch)?;
    bytes.pop();
    Ok(bytes)
}

fn list<T>(
    bytes: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T) -> Result<(), TooMuch>,
) -> Result<(), TooMuch> {
    let mut before = b'[';
    for item in items {
        bytes.push(before);
        write(bytes, item)?;
        before = b',';
    }
    if before == b'[' {
        bytes.push(b'[');
    }
    bytes.push(b']');
    Ok(())
}

fn change(bytes: &mut Vec<u8>, change: &ObjectChange) -> Result<(), TooMuch> {
    object(bytes, &change.key, Some(change.layer), change.after.as_ref())
}

fn object(
    bytes: &mut Vec<u8>,
    key: &Key,
    layer: Option<Layer>,
    entry: Option<&Entry>,
) -> Result<(), TooMuch> {
    // Ten thousand of these are written at a time: piece by piece is several times as fast as by way of a value.
    bytes.extend_from_slice(b"{\"kind\":\"");
    bytes.extend_from_slice(word(&KINDS, &key.kind).as_bytes());
    bytes.extend_from_slice(b"\",\"id\":");
    serde_json::to_writer(&mut *bytes, key.id.as_str()).map_err(|_| TooMuch)?;
    if let Some(layer) = layer {
        bytes.extend_from_slice(b",\"layer\":\"");
        bytes.extend_from_slice(word(&LAYERS, &layer).as_bytes());
        bytes.push(b'"');
    }
    if let Some(Entry { sequence, value }) = entry {
        bytes.extend_from_slice(b",\"sequence\":");
        bytes.extend_from_slice(sequence.to_string().as_bytes());
        bytes.extend_from_slice(b",\"value\":");
        serde_json::to_writer(&mut *bytes, &**value).map_err(|_| TooMuch)?;
    }
    bytes.push(b'}');
    Ok(())
}

/// Whether a value has no more than so many lists and objects in one another.
fn is_within(value: &Value, depth: usize) -> bool {
    match (value, depth.checked_sub(1)) {
        (Value::Array(values), Some(depth)) => values.iter().all(|value| is_within(value, depth)),
        (Value::Object(fields), Some(depth)) => fields.values().all(|value| is_within(value, depth)),
        (Value::Array(_) | Value::Object(_), None) => false,
        _ => true,
    }
}

/// Whether a time can be read again: a year has four digits.
fn is_read(time: SystemTime) -> bool {
    moment::read(&moment::to_text(time)).is_some()
}

fn what(what: &What) -> Value {
    match what {
        What::Start => json!({ "kind": "start" }),
        What::Write => json!({ "kind": "write" }),
        What::File => json!({ "kind": "file" }),
        What::Rollback { to } => json!({ "kind": "rollback", "to": to }),
        What::Reverted { number, why } => json!({ "kind": "reverted", "number": number, "why": why }),
    }
}
