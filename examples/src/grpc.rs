//! A service of gRPC behind the proxy. Messages, [service] and [client] are written by hand, as a build script would
//! generate them from this:
//!
//! ```proto
//! package examples;
//!
//! message Line { string text = 1; }
//! message Sum { uint64 lines = 1; uint64 bytes = 2; }
//!
//! service Text {
//!   rpc Reverse(Line) returns (Line);
//!   rpc Split(Line) returns (stream Line);
//!   rpc Count(stream Line) returns (Sum);
//!   rpc Converse(stream Line) returns (stream Line);
//! }
//! ```

pub mod client;
pub mod service;

use proxy_core::spec::{BackendSpec, PathPattern, Protocol, RouteSpec, UpstreamSpec};
use proxy_core::{BuildError, Proxy};

/// A line of text.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Line {
    /// The text.
    #[prost(string, tag = "1")]
    pub text: String,
}

impl Line {
    /// With this text.
    pub fn of(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

/// How much was counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Sum {
    /// Lines.
    #[prost(uint64, tag = "1")]
    pub lines: u64,
    /// Bytes of all of them.
    #[prost(uint64, tag = "2")]
    pub bytes: u64,
}

/// The paths of the service's methods.
pub mod method {
    /// One line, one answer.
    pub const REVERSE: &str = "/examples.Text/Reverse";
    /// One line, many answers.
    pub const SPLIT: &str = "/examples.Text/Split";
    /// Many lines, one answer.
    pub const COUNT: &str = "/examples.Text/Count";
    /// Many lines, each with its answer.
    pub const CONVERSE: &str = "/examples.Text/Converse";
}

/// A proxy for the service. A route is a service, since methods are paths below its name; the backend is spoken to in
/// HTTP/2, and for clients there is nothing to set. All messages that a client sends in one call are one body, for which
/// [`RouteSpec::max_body_size`] holds.
///
/// # Errors
/// Never, as long as route and upstream fit together.
pub fn proxy(backend: BackendSpec) -> Result<Proxy, BuildError> {
    let mut upstream = UpstreamSpec::new("text").backend(backend);
    upstream.protocol = Protocol::Http2;
    let service = PathPattern::Prefix("/examples.Text/".to_owned());
    Proxy::builder().upstream(upstream).route(RouteSpec::to("text", "text").path(service)).build()
}
