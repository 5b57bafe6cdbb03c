//! How connections begin, and for whom they are.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::HostPattern;
use crate::secure::Terminate;

/// How connections begin that come in at one listener.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListenerSpec {
    /// Who may say by the PROXY protocol whose connections they hand on.
    pub proxy_protocol: Option<ProxyProtocolSpec>,
    /// Makes secure channels of them; `None`: they are plain.
    pub secure: Option<Arc<dyn Terminate>>,
    /// How long all of that may take.
    pub handshake_timeout: Duration,
    /// What they carry.
    pub mode: ListenerMode,
}

impl Default for ListenerSpec {
    /// Plain HTTP; 10 s for what comes before it.
    fn default() -> Self {
        Self {
            proxy_protocol: None,
            secure: None,
            handshake_timeout: Duration::from_secs(10),
            mode: ListenerMode::Http,
        }
    }
}

/// What connections carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenerMode {
    /// HTTP.
    #[default]
    Http,
    /// Anything: each connection is one to a backend of this upstream.
    Tcp {
        /// The upstream's name.
        upstream: String,
    },
    /// TLS that is not ended here: the server name tells the passage.
    Passages,
}

/// Who may say whose connections they hand on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyProtocolSpec {
    /// The addresses of load balancers. What others send is read as it is.
    pub from: Vec<IpNet>,
    /// Whether each of their connections must begin with a header.
    pub required: bool,
}

impl ProxyProtocolSpec {
    /// Believes these addresses, and nobody else; each of their connections must begin with a header.
    pub const fn new(from: Vec<IpNet>) -> Self {
        Self { from, required: true }
    }
}

/// A version of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}

/// A server name whose connections are passed on as they come.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PassageSpec {
    /// The names.
    pub host: HostPattern,
    /// The upstream that they are passed on to.
    pub upstream: String,
}

impl PassageSpec {
    /// Passes connections for `host` on to `upstream`.
    pub fn new(host: HostPattern, upstream: impl Into<String>) -> Self {
        Self { host, upstream: upstream.into() }
    }
}

/// A host, and how plain requests for it are answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostSpec {
    /// The hosts.
    pub host: HostPattern,
    /// Plain requests are sent to the same place at this port, over a secure channel.
    pub redirect_to: Option<u16>,
    /// Plain requests are refused: clients have to prove who they are.
    pub needs_client: bool,
}

impl HostSpec {
    /// A host whose plain requests are served.
    pub const fn new(host: HostPattern) -> Self {
        Self { host, redirect_to: None, needs_client: false }
    }
}
