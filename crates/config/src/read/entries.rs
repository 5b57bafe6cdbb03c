//! A map as serde reads it.

use super::{error::ReadError, key::Key, value::Reader};
use crate::tree::{NodeId, Value};
use serde::de::{DeserializeSeed, Error as _, MapAccess};

/// The entries of a map that are still to be read.
pub(super) struct Entries<'t> {
    map: Reader<'t>,
    next: usize,
    value: Option<NodeId>,
    /// Keys that count as absent where nothing stands under them.
    known: &'static [&'static str],
}

impl<'t> Entries<'t> {
    pub(super) fn new(map: Reader<'t>) -> Self {
        Self::of_struct(map, &[])
    }

    /// Those of a map with keys that may be absent.
    pub(super) fn of_struct(map: Reader<'t>, known: &'static [&'static str]) -> Self {
        Self { map, next: map.view.start(map.id), value: None, known }
    }

    fn is_absent(&self, key: &str, value: NodeId) -> bool {
        let is_null = |value: &Value| matches!(value, Value::Scalar(scalar) if scalar.is_null());
        is_null(&self.map.tree.node(value).value) && self.known.contains(&key)
    }
}

impl<'t> MapAccess<'t> for Entries<'t> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'t>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Reader { tree, view, id } = self.map;
        while let Some((key, value)) = tree.entries(id).get(self.next).copied() {
            self.next += 1;
            if view.is_broken(value) {
                continue;
            }
            let name = tree.text(key).unwrap_or_default();
            if self.is_absent(name, value) {
                continue;
            }
            self.value = Some(value);
            // A wrong key is left out with its value.
            let name = Key::new(name);
            return seed.deserialize(name).map(Some).map_err(|error| error.about(key, value));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let value = self.value.take().ok_or_else(|| ReadError::custom("a value was read before its key"))?;
        let read = seed.deserialize(Reader::new(self.map.tree, self.map.view, value));
        // What a type says after it has read a scalar knows no node yet.
        read.map_err(|error| error.about(value, value))
    }
}
