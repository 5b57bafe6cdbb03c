//! The control plane: who may change what, and where it keeps what outlives it.

use crate::{Address, Secret};
use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt, path::PathBuf};

/// The control plane's own listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Admin {
    /// Where it listens; default: a Unix socket in the runtime directory.
    pub address: Option<Address>,
    /// Who may use it.
    pub tokens: Vec<Token>,
}

/// A token of the control plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Token {
    /// Whose token it is.
    pub name: String,
    /// `sha256:` and the hash of the token in hexadecimal.
    pub hash: Option<Secret>,
    /// A file that holds `hash`.
    pub hash_file: Option<PathBuf>,
    /// What it allows.
    pub role: Role,
}

/// What a token allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Role {
    /// To look.
    #[default]
    Read,
    /// To change.
    Write,
}

/// Where states of backends that were set by hand are kept, and what `acme` gets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// Nowhere.
    None,
    /// In a directory.
    Dir(StateDir),
}

/// The directory of the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct StateDir {
    /// The directory; default: `$STATE_DIRECTORY`, `/var/lib/proxyd` as root, else `$XDG_STATE_HOME/proxyd`.
    pub dir: Option<PathBuf>,
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::Dir(dir) => dir.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StateVisitor)
    }
}

struct StateVisitor;

impl<'de> de::Visitor<'de> for StateVisitor {
    type Value = State;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("none, or a map with `dir`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<State, E> {
        match text {
            "none" => Ok(State::None),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<State, A::Error> {
        StateDir::deserialize(MapAccessDeserializer::new(map)).map(State::Dir)
    }
}

impl JsonSchema for State {
    fn schema_name() -> Cow<'static, str> {
        "State".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let dir = generator.subschema_for::<StateDir>();
        json_schema!({ "anyOf": [{ "const": "none" }, dir] })
    }
}
