//! Where clients connect.

use super::ListenerTls;
use crate::{Address, Network};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// An address that clients connect to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["address"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Listener {
    /// `0.0.0.0:8080`, `[::]:8080` or `unix:/path`. Required.
    pub address: Address,
    /// What connections carry.
    pub mode: Mode,
    /// Where connections of a listener with `mode: tcp` go; without it, the server name of their TLS tells: that of a route
    /// with `mode: tcp`.
    pub upstream: Option<String>,
    /// TLS for clients; certificates come from `certificates` and from routes' `ssl`.
    #[garde(dive)]
    pub tls: Option<ListenerTls>,
    /// The PROXY protocol, from load balancers that speak it.
    pub proxy_protocol: Option<ProxyProtocol>,
}

/// A placeholder until an address is read; checks refuse a listener without one.
impl Default for Listener {
    fn default() -> Self {
        Self {
            address: Address::Tcp((Ipv4Addr::UNSPECIFIED, 0).into()),
            mode: Mode::Http,
            upstream: None,
            tls: None,
            proxy_protocol: None,
        }
    }
}

/// Who may prefix connections with a PROXY protocol header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["from"]))]
#[non_exhaustive]
pub struct ProxyProtocol {
    /// Addresses and networks of the load balancers. Required.
    pub from: Vec<Network>,
    /// Whether each of their connections must begin with a header.
    pub required: bool,
}

impl Default for ProxyProtocol {
    fn default() -> Self {
        Self { from: Vec::new(), required: true }
    }
}

/// A version of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}

/// What connections carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Mode {
    /// HTTP.
    #[default]
    Http,
    /// Anything: bytes are relayed as they come.
    Tcp,
}
