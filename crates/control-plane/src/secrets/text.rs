//! What the file of secrets says, as JSON. They stand in it as base64, so that no reader has to copy them to undo escapes.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use config::Secret;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::{Key, Marker};
use crate::store::{hex, unhex};

/// What is written.
pub(super) fn write(key: &Key, known: &HashMap<Marker, Secret>) -> Zeroizing<Vec<u8>> {
    // Enough for all of it, so that none of it is left behind in memory that was too small.
    let length: usize = known.values().map(|secret| secret.expose().len() / 3 * 4 + 80).sum();
    let mut text = Zeroizing::new(String::with_capacity(length + 200));
    text.push_str("{\"key\":\"");
    text.push_str(&Zeroizing::new(hex(key.as_slice())));
    text.push_str("\",\"secrets\":{");
    let mut sorted: Vec<_> = known.iter().collect();
    sorted.sort_unstable_by_key(|(marker, _)| **marker);
    for (number, (marker, secret)) in sorted.into_iter().enumerate() {
        text.push_str(if number == 0 { "\"" } else { ",\"" });
        text.push_str(&marker.to_string());
        text.push_str("\":\"");
        STANDARD.encode_string(secret.expose(), &mut text);
        text.push('"');
    }
    text.push_str("}}");
    Zeroizing::new(std::mem::take(&mut *text).into_bytes())
}

/// Reads what was written.
pub(super) fn read(body: &[u8]) -> Option<(Key, HashMap<Marker, Secret>)> {
    let Value::Object(mut fields) = serde_json::from_slice(body).ok()? else { return None };
    let key = text(fields.remove("key")?)?;
    let Value::Object(secrets) = fields.remove("secrets")? else { return None };
    Some((Key::new(unhex(key.as_bytes())?), known(secrets)?))
}

fn known(secrets: Map<String, Value>) -> Option<HashMap<Marker, Secret>> {
    secrets
        .into_iter()
        .map(|(marker, secret)| Some((Marker::read(&marker)?, decode(&text(secret)?)?)))
        .collect()
}

fn decode(encoded: &str) -> Option<Secret> {
    let bytes = STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(bytes).map_err(|error| error.into_bytes().zeroize()).ok()?;
    Some(Secret::new(text))
}

fn text(value: Value) -> Option<Zeroizing<String>> {
    match value {
        Value::String(text) => Some(Zeroizing::new(text)),
        _ => None,
    }
}
