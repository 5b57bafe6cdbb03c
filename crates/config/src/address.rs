//! Where a listener listens.

use crate::scalar;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    borrow::Cow,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Where a listener listens: `0.0.0.0:8080`, `[::]:8080`, `unix:/run/proxyd/http.sock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A TCP address; port 0 lets the system choose one.
    Tcp(SocketAddr),
    /// The path of a Unix socket, absolute.
    Unix(PathBuf),
}

/// The longest path that fits a `sockaddr_un` with its ending zero (unix(7)).
const UNIX_PATH_MAX: usize = 107;

/// Reads the path behind `unix:`.
pub(crate) fn unix_path(path: &str) -> Result<PathBuf, AddressError> {
    if !path.starts_with('/') {
        return Err(AddressError::RelativePath(path.into()));
    }
    if path.len() > UNIX_PATH_MAX || path.contains('\0') {
        return Err(AddressError::PathTooLong);
    }
    Ok(Path::new(path).into())
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return unix_path(path).map(Self::Unix);
        }
        text.parse().map(Self::Tcp).map_err(|_| AddressError::Form(text.into()))
    }
}

/// Why a text is no address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The text is neither an address with a port nor a Unix socket.
    #[error("`{0}` is not an address to listen on; write 0.0.0.0:8080, [::]:8080 or unix:/path")]
    Form(String),
    /// A Unix socket without an absolute path.
    #[error("`{0}` must be an absolute path, as in unix:/run/proxyd/http.sock")]
    RelativePath(String),
    /// A path that the system cannot bind.
    #[error("the path of a Unix socket has at most {UNIX_PATH_MAX} bytes and no NUL")]
    PathTooLong,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "0.0.0.0:8080, [::]:8080 or unix:/path.",
        })
    }
}
