//! The data plane of proxyd: it accepts connections, and takes each request down one straight line.
//!
//! ```text
//! accept -> connection -> exchange: ADMIT -> ROUTE -> GUARD... -> ATTEMPT loop -> RELAY -> observe
//! ```
//!
//! Each step is a file of that name. `reason` has the stable codes, `trace` the record that a request carries,
//! `answer` is the one file that turns a failure into a response, and `observe` the one that sees every end.
//!
//! A [`Proxy`] is built from [`spec`]s, which are plain data; it compiles them into a snapshot, immutable and
//! swapped whole, that links into the registry of what was learnt (load, health, statistics). A change therefore
//! closes no connection and loses nothing that was learnt.
//!
//! The seams are small: [`Connect`] makes connections to backends, [`Transport`] is what bytes travel over,
//! [`Guard`] checks a request, [`Observer`] learns of its end, and strategies come from `lb-strategies`. Whoever wants to know
//! what else happens subscribes to [`events`].
//!
//! What it never does: read a configuration file, name a TLS library, parse HTTP by other rules than those of
//! the `http1` crate, or buffer a body.
//!
//! ```no_run
//! use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
//! use proxy_core::Proxy;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let proxy = Proxy::builder()
//!     .upstream(UpstreamSpec::new("app").backend(BackendSpec::new("a", "127.0.0.1", 3000)))
//!     .route(RouteSpec::to("everything", "app"))
//!     .build()?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! // Until the process ends: whatever resolves here would end it in order.
//! proxy.run(listener, std::future::pending::<()>()).await;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod accept;
mod connection;
mod exchange;

mod admit;
mod ahead;
mod attempt;
mod course;
mod gate;
mod guard;
mod matcher;
mod relay;
mod tries;
mod trying;

mod answer;
mod observe;
mod one;
mod opening;
mod own;
mod reason;
mod trace;

mod affinity;
mod budget;
mod buffer;
mod challenges;
mod channel;
mod checks;
mod cidr;
mod circuit;
mod client;
mod client_hello;
mod clock;
mod connect;
mod deadline;
mod dial;
mod edits;
mod entry;
mod errand;
pub mod events;
mod folded;
mod forward;
mod forwarded;
mod grpc;
mod hedge;
mod hosts;
mod http2;
mod incoming;
mod keeping;
mod limiter;
mod link;
mod mirror;
mod outage;
mod outcome;
mod pace;
mod path;
mod pool;
mod probe;
mod proxy;
mod proxy_protocol;
mod publish;
mod pump;
mod quantile;
mod race;
mod registry;
mod replay;
mod retired;
mod room;
mod secure;
mod service;
mod snapshot;
pub mod spec;
mod splice;
mod split;
mod statistics;
mod supervisor;
mod tcp;
mod template;
mod timers;
mod transport;
mod upstream;
mod waiting;
mod wire;
mod worker;

#[doc(hidden)]
pub mod fuzz {
    //! What a fuzzer calls.
    pub use crate::client_hello::fuzz_client_hello;
    pub use crate::http2::fuzz_frames;
    pub use crate::path::fuzz_path;
    pub use crate::proxy_protocol::fuzz_proxy_protocol;
}

pub use challenges::Challenges;
pub use checks::{Check, CheckTarget};
pub use connect::{Address, Connect, ConnectError, Connecting, Resolving, TlsFault};
pub use guard::{Guard, Refusal, Request, Verdict};
pub use matcher::{FieldLookup, MatchInput, Matcher, Outcome, Rule, Step, TooLarge};
pub use observe::{Completed, Observer};
pub use outage::Outage;
pub use proxy::{
    AllStatistics, BackendName, BackendStatus, Builder, Handle, Meter, Meters, Proxy, QueueStatus, Refreshed,
};
pub use publish::Prepared;
pub use reason::{Reason, Retry, Side};
pub use secure::{NotTerminated, Secure, Secured, Securing, Terminate, Terminating};
pub use service::{ProxyBody, ProxyService};
pub use snapshot::BuildError;
pub use statistics::{Bucket, Latencies, Statistics};
pub use supervisor::{ListenAddress, ListenError, Listeners};
pub use trace::{AttemptRecord, RequestId, Trace};
pub use transport::{Stream, Transport};
