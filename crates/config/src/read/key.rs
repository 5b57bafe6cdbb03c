//! The key of a map as serde reads it: always text.

use super::error::ReadError;
use serde::de::{Deserializer, Visitor};

/// The key of a map.
pub(super) struct Key<'de>(&'de str);

impl<'de> Key<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Self(text)
    }
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_str(self.0)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
