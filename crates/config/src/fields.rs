//! Header fields that a document names.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
};
use std::{borrow::Cow, fmt, ops::Deref};

/// Names and values in the order in which the document has them; no name comes twice, whatever its case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fields(pub Vec<(String, String)>);

impl Deref for Fields {
    type Target = [(String, String)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The name of a header field: a token (RFC 9110 section 5.6.2), kept as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldName(pub String);

impl Deref for FieldName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Whether a text is a token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(inside)
}

fn name<E: de::Error>(text: String) -> Result<String, E> {
    if is_token(&text) {
        return Ok(text);
    }
    let message = format_args!(
        "`{}` is not a field name; names have letters, digits and hyphens, no spaces and no colon",
        text.escape_debug()
    );
    Err(E::custom(message))
}

/// A value that can stand in a field line (RFC 9110 section 5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldValue(pub(crate) String);

impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let breaks = |c: char| c.is_ascii_control() && c != '\t';
        match text.chars().find(|c| breaks(*c)) {
            Some(c) => Err(de::Error::custom(format_args!("a field value must not contain {c:?}"))),
            None => Ok(Self(text)),
        }
    }
}

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        name(String::deserialize(deserializer)?).map(Self)
    }
}

impl Serialize for FieldName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for FieldName {
    fn schema_name() -> Cow<'static, str> {
        "FieldName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "The name of a header field." })
    }
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for FieldValue {
    fn schema_name() -> Cow<'static, str> {
        "FieldValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"], "description": "The value of a header field." })
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of field names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields: Vec<(String, String)> = Vec::new();
        while let Some(FieldName(name)) = map.next_key()? {
            let FieldValue(value) = map.next_value()?;
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl JsonSchema for Fields {
    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Names and values of header fields.",
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        })
    }
}
