//! The control plane: who may change what, and where it keeps what outlives it.

use super::{DAY, TICK};
use crate::{Address, Duration, Secret, Size};
use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt, path::PathBuf};

/// The smallest and the largest `maxBodySize`.
const BODY_MIN: Size = Size::from_bytes(1 << 10);
const BODY_MAX: Size = Size::from_bytes(256 << 20);

/// The control plane's own listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Admin {
    /// Whether there is one.
    pub enabled: bool,
    /// Where it listens: a TCP address or `unix:/path`; default: a Unix socket in the runtime directory.
    pub address: Option<Address>,
    /// TLS; absent: none is spoken.
    pub tls: Option<AdminTls>,
    /// Who may use it.
    pub tokens: Vec<Token>,
    /// Further names that Host may have, beside those of the address.
    pub hosts: Vec<String>,
    /// The largest body of a request.
    #[garde(range(min = BODY_MIN, max = BODY_MAX))]
    pub max_body_size: Size,
    /// The limit of requests in time, of each token and of each address of clients without one.
    #[garde(dive)]
    pub rate_limit: AdminRateLimit,
    /// Whether changes must say which version they are of, by `If-Match`.
    pub require_if_match: bool,
    /// The most connections.
    #[garde(range(min = 1, max = 10_000))]
    pub max_connections: u32,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            enabled: true,
            address: None,
            tls: None,
            tokens: Vec::new(),
            hosts: Vec::new(),
            max_body_size: Size::from_bytes(10 << 20),
            rate_limit: AdminRateLimit::default(),
            require_if_match: false,
            max_connections: 64,
        }
    }
}

/// TLS of the control plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["cert"]))]
#[non_exhaustive]
pub struct AdminTls {
    /// The certificate chain, the control plane's own first: a file, or PEM. Required.
    pub cert: String,
    /// The key: a file, or PEM. Absent: it stands in the file of `cert`.
    pub key: Option<Secret>,
    /// A file that holds `key`.
    pub key_file: Option<PathBuf>,
    /// The authorities that vouch for clients: a file, or PEM; absent: clients show no certificates.
    pub client_ca: Option<String>,
    /// What clients with a certificate may do; none here: whoever is vouched for may look.
    pub clients: Vec<AdminClient>,
}

/// What a client with a certificate may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
#[non_exhaustive]
pub struct AdminClient {
    /// The common name of its subject, or one of its alternative names. Required.
    pub name: String,
    /// What it allows.
    pub role: Role,
}

/// So many requests to the control plane in so much time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct AdminRateLimit {
    /// The most requests.
    #[garde(range(min = 1, max = 1_000_000_000))]
    pub max: u64,
    /// The time that they are counted over.
    #[garde(range(min = TICK, max = DAY))]
    pub window_ms: Duration,
}

impl Default for AdminRateLimit {
    fn default() -> Self {
        Self { max: 100, window_ms: Duration::from_secs(1) }
    }
}

/// A token of the control plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
#[non_exhaustive]
pub struct Token {
    /// Whose token it is. Required, unique.
    pub name: String,
    /// `sha256:` and the SHA-256 hash of the token in hexadecimal.
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

/// Where all is kept that outlives the process: what the API changed, the revisions, the states of backends that were set
/// by hand, and what `acme` gets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// Nowhere.
    None,
    /// In a directory.
    Dir(StateDir),
}

/// The directory of the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct StateDir {
    /// The directory; default: `$STATE_DIRECTORY`, `/var/lib/proxyd` as root, else `$XDG_STATE_HOME/proxyd`.
    pub dir: Option<PathBuf>,
    /// How many revisions are remembered.
    #[garde(range(min = 1, max = 10_000))]
    pub history: u32,
}

impl Default for StateDir {
    fn default() -> Self {
        Self { dir: None, history: 100 }
    }
}

impl Validate for State {
    type Context = ();

    fn validate_into(
        &self,
        context: &(),
        parent: &mut dyn FnMut() -> garde::Path,
        report: &mut garde::Report,
    ) {
        if let Self::Dir(dir) = self {
            dir.validate_into(context, parent, report);
        }
    }
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
        f.write_str("none, or a map with `dir` and `history`")
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
