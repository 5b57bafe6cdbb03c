//! How a backend is chosen: what is hashed, and who stays with whom.

use crate::{Duration, Limit, Secret};
use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, path::PathBuf};

/// The shortest that a cookie lives: its Max-Age is in whole seconds (RFC 6265 section 4.1.2.2).
const TTL_MIN: Duration = Duration::from_secs(1);
/// The longest that browsers keep a cookie (RFC 6265bis section 5.5: 400 days).
const TTL_MAX: Duration = Duration::from_secs(400 * 86_400);

/// What the strategy HASH hashes: requests with the same value go to the same backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["on"]))]
#[non_exhaustive]
pub struct HashKey {
    /// What of a request is hashed. Required.
    pub on: HashOn,
    /// The name of the field, the cookie or the query parameter; required with these, an error with others.
    pub name: Option<String>,
}

/// What of a request is hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum HashOn {
    /// The client's address.
    #[default]
    ClientIp,
    /// The value of a header field.
    Header,
    /// The value of a cookie.
    Cookie,
    /// The path with the query.
    Uri,
    /// The path alone.
    Path,
    /// The value of a query parameter.
    Query,
}

impl HashOn {
    /// Whether one of several is meant, which `name` names.
    pub const fn needs_name(self) -> bool {
        matches!(self, Self::Header | Self::Cookie | Self::Query)
    }
}

/// A cookie that keeps a client where it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Sticky {
    /// The cookie's name; default: `proxyd_backend`, in a route's `upstreamsSticky` `proxyd_upstream`.
    pub cookie: String,
    /// How long browsers keep it (Max-Age, in whole seconds); `off`: until they are closed.
    #[garde(range(min = TTL_MIN, max = TTL_MAX))]
    pub ttl: Limit<Duration>,
    /// The paths that it is sent for (Path).
    pub path: String,
    /// The domain that it is sent for (Domain); absent: the host that set it, alone.
    pub domain: Option<String>,
    /// Whether it is sent over HTTPS alone (Secure): `auto` where the client came over HTTPS.
    pub secure: Secure,
    /// Whether scripts cannot see it (HttpOnly).
    pub http_only: bool,
    /// Whether it comes along from other sites (SameSite); `off` leaves it to the browser.
    pub same_site: SameSite,
    /// The key that the cookie's values are made with, so that nobody can guess another's. Instances that are to
    /// understand each other's cookies share it; absent: the values are a hash of names alone.
    pub secret: Option<Secret>,
    /// A file that holds `secret`.
    pub secret_file: Option<PathBuf>,
}

impl Sticky {
    /// The name of the cookie of a route's `upstreamsSticky` that names none.
    pub(crate) const UPSTREAMS_COOKIE: &str = "proxyd_upstream";
}

impl Default for Sticky {
    fn default() -> Self {
        Self {
            cookie: "proxyd_backend".into(),
            ttl: Limit::Off,
            path: "/".into(),
            domain: None,
            secure: Secure::Auto,
            http_only: true,
            same_site: SameSite::Lax,
            secret: None,
            secret_file: None,
        }
    }
}

/// Whether a cookie comes along from other sites (RFC 6265bis section 5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SameSite {
    /// Where a link leads here.
    #[default]
    Lax,
    /// Never.
    Strict,
    /// Always; browsers want `secure: true` for that.
    None,
    /// Nothing is said.
    Off,
}

/// Whether a cookie is sent over HTTPS alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Secure {
    /// Where the client came over HTTPS.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Serialize for Secure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Always => serializer.serialize_bool(true),
            Self::Never => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Secure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecureVisitor)
    }
}

struct SecureVisitor;

impl de::Visitor<'_> for SecureVisitor {
    type Value = Secure;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("auto, true or false")
    }

    fn visit_bool<E: de::Error>(self, always: bool) -> Result<Secure, E> {
        Ok(if always { Secure::Always } else { Secure::Never })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secure, E> {
        match text {
            "auto" => Ok(Secure::Auto),
            // In quotes, as a variable may have to stand.
            "true" => Ok(Secure::Always),
            "false" => Ok(Secure::Never),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

impl JsonSchema for Secure {
    fn schema_name() -> Cow<'static, str> {
        "Secure".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["boolean", "string"], "pattern": "^(auto|true|false)$|\\$\\{" })
    }
}
