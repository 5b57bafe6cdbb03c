//! A node as serde reads it.

use super::{View, entries::Entries, error::ReadError, items::Items};
use crate::{
    dialect::SERVER,
    tree::{NodeId, Scalar, Tree, Value},
};
use serde::de::{self, Error as _, IntoDeserializer, Unexpected, Visitor, value::StrDeserializer};

/// A node as serde reads it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'de> {
    pub(super) tree: &'de Tree,
    pub(super) view: &'de View,
    pub(super) id: NodeId,
}

type Read<T> = Result<T, ReadError>;

impl<'de> Reader<'de> {
    pub(super) fn new(tree: &'de Tree, view: &'de View, id: NodeId) -> Self {
        Self { tree, view, id }
    }

    fn value(self) -> &'de Value {
        &self.tree.node(self.id).value
    }

    /// An unquoted scalar, or one that came from a variable.
    fn plain(self) -> Option<&'de Scalar> {
        match self.value() {
            Value::Scalar(scalar) if scalar.plain || scalar.expanded => Some(scalar),
            _ => None,
        }
    }

    fn about<T>(self, result: Read<T>) -> Read<T> {
        result.map_err(|error| error.about(self.id, self.id))
    }

    /// What is here, for an error that says that something else is expected.
    fn found(self) -> Unexpected<'de> {
        match self.value() {
            Value::Scalar(scalar) if scalar.is_null() => Unexpected::Unit,
            Value::Scalar(scalar) => Unexpected::Str(&scalar.text),
            Value::List(_) => Unexpected::Seq,
            Value::Map(_) => Unexpected::Map,
        }
    }

    fn wrong<T>(self, expected: &dyn de::Expected) -> Read<T> {
        let quoted = matches!(self.value(), Value::Scalar(scalar) if !scalar.plain && !scalar.expanded);
        let error = ReadError::invalid_type(self.found(), expected);
        let error = if quoted && error.hint.is_none() { error.with_hint("remove the quotes") } else { error };
        self.about(Err(error))
    }

    fn whole_number<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let Some(scalar) = self.plain() else { return self.wrong(&visitor) };
        if let Ok(number) = scalar.text.parse::<u64>() {
            return self.about(visitor.visit_u64(number));
        }
        match scalar.text.parse::<i64>() {
            Ok(number) => self.about(visitor.visit_i64(number)),
            Err(_) => self.about(Err(ReadError::invalid_type(self.found(), &visitor))),
        }
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            self.whole_number(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let Value::Scalar(scalar) = self.value() else { return self.deserialize_map_or_list(visitor) };
        let text = &*scalar.text;
        if !scalar.plain {
            return self.about(visitor.visit_borrowed_str(text));
        }
        let result = match text {
            _ if scalar.is_null() => visitor.visit_unit(),
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => match (text.parse::<u64>(), text.parse::<i64>()) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => visitor.visit_borrowed_str(text),
            },
        };
        self.about(result)
    }

    whole_numbers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.plain().map(|scalar| &*scalar.text) {
            Some("true") => self.about(visitor.visit_bool(true)),
            Some("false") => self.about(visitor.visit_bool(false)),
            _ => self.wrong(&visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let number = self.plain().and_then(|scalar| scalar.text.parse::<f64>().ok());
        match number.filter(|number| number.is_finite()) {
            Some(number) => self.about(visitor.visit_f64(number)),
            None => self.wrong(&visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_f64(visitor)
    }

    /// Text needs no quotes, whatever it looks like: `1.10`, `no` and `0x10` stay as they are written.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.value() {
            Value::Scalar(scalar) if !scalar.is_null() => {
                self.about(visitor.visit_borrowed_str(&scalar.text))
            }
            _ => self.about(Err(ReadError::invalid_type(self.found(), &visitor))),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.value() {
            Value::Scalar(scalar) if scalar.is_null() => self.about(visitor.visit_none()),
            _ => self.about(visitor.visit_some(self)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        self.about(visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.value() {
            Value::List(_) => self.about(visitor.visit_seq(Items::new(self))),
            _ => self.about(Err(ReadError::invalid_type(self.found(), &visitor))),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.value() {
            Value::Map(_) => self.about(visitor.visit_map(Entries::new(self))),
            _ => self.about(Err(ReadError::invalid_type(self.found(), &visitor))),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        // What tells one kind of file from the other is never absent where it is written.
        let known = if fields == [SERVER] { &[] } else { fields };
        match self.value() {
            Value::Map(_) => self.about(visitor.visit_map(Entries::of_struct(self, known))),
            _ => self.about(Err(ReadError::invalid_type(self.found(), &visitor))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match self.value() {
            Value::Scalar(scalar) if !scalar.is_null() => {
                let text: StrDeserializer<'_, ReadError> = scalar.text.as_ref().into_deserializer();
                self.about(visitor.visit_enum(text))
            }
            _ => self.about(Err(ReadError::no_variant(self.found(), variants))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

impl<'de> Reader<'de> {
    fn deserialize_map_or_list<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let result = match self.value() {
            Value::List(_) => visitor.visit_seq(Items::new(self)),
            _ => visitor.visit_map(Entries::new(self)),
        };
        self.about(result)
    }
}
