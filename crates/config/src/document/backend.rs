//! A backend: one address that can answer.

use super::capacity::MANY;
use crate::{Limit, address, hostname};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

/// One address that can answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["hostname"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Backend {
    /// The stable name, unique in its upstream; default: `hostname:port`.
    pub id: String,
    /// A name, an address, or `unix:/path`. Required.
    pub hostname: String,
    /// The TCP port; default 80, with TLS 443. A Unix socket has none.
    #[garde(range(min = 1))]
    pub port: Option<u16>,
    /// The share of requests in relation to its neighbours' weights; 0 takes no new ones.
    #[garde(range(max = 65_535))]
    pub weight: u32,
    /// Whether it is asked while no other backend can be.
    pub backup: bool,
    /// Backends are asked while none of a lower number can be.
    #[garde(range(max = 15))]
    pub priority: u8,
    /// Whether it takes requests.
    pub state: BackendState,
    /// The most requests in flight to it; default: the upstream's `maxRequestsPerBackend`.
    #[garde(range(min = 1, max = MANY))]
    pub max_requests: Option<Limit<u32>>,
    /// The most connections to it; default: the upstream's `maxConnectionsPerBackend`.
    #[garde(range(min = 1, max = MANY))]
    pub max_connections: Option<Limit<u32>>,
    /// Run-time state of other software: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub is_dead: Option<bool>,
    /// Run-time state of other software: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub dead_since: Option<String>,
    /// Run-time state of other software: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub failure_count: Option<u64>,
}

impl Default for Backend {
    fn default() -> Self {
        Self {
            id: String::new(),
            hostname: String::new(),
            port: None,
            weight: 1,
            backup: false,
            priority: 0,
            state: BackendState::Ready,
            max_requests: None,
            max_connections: None,
            is_dead: None,
            dead_since: None,
            failure_count: None,
        }
    }
}

/// Whether a backend takes requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum BackendState {
    /// It does.
    #[default]
    Ready,
    /// It takes no new ones; those in flight end.
    Drain,
    /// It takes new ones of those clients alone whom a cookie keeps there.
    DrainKeepSticky,
    /// It takes none, whatever probes say.
    Dead,
}

/// Where a backend is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BackendAddress {
    /// An address that needs no look-up.
    Ip(SocketAddr),
    /// A name to be looked up, in lower case, and a port.
    Name(String, u16),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Backend {
    /// Where this backend is.
    ///
    /// # Errors
    /// A sentence that says what is wrong with `hostname` or `port`; never for a backend of a loaded document.
    pub fn address(&self) -> Result<BackendAddress, String> {
        if let Some(path) = self.hostname.strip_prefix("unix:") {
            let path = address::unix_path(path).map_err(|error| error.to_string())?;
            return Ok(BackendAddress::Unix(path));
        }
        let host = hostname::name_or_address(&self.hostname).map_err(|error| error.to_string())?;
        let port = self.port.unwrap_or(80);
        Ok(match host.parse::<IpAddr>() {
            Ok(ip) => BackendAddress::Ip(SocketAddr::new(ip, port)),
            Err(_) => BackendAddress::Name(host, port),
        })
    }

    /// The id that a backend without one gets: its address.
    pub(crate) fn default_id(&self) -> String {
        match self.address() {
            Ok(BackendAddress::Ip(address)) => address.to_string(),
            Ok(BackendAddress::Name(name, port)) => format!("{name}:{port}"),
            Ok(BackendAddress::Unix(_)) | Err(_) => self.hostname.clone(),
        }
    }
}
