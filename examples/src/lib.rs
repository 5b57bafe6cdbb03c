//! Programs that embed `proxy-core`, each a module here with a thin main beside it, so that tests run the very code
//! that one reads:
//!
//! | module | run it | shows |
//! |---|---|---|
//! | [`embed_in_axum`] | `cargo run -p proxyd-examples --example embed_in_axum` | the pipeline as a service in an axum application |
//! | [`add_a_route`] | `... --example add_a_route` | routes that come and go while a proxy runs |
//! | [`own_strategy`] | `... --example own_strategy` | a strategy of one's own |
//! | [`own_guard`] | `... --example own_guard` | a guard of one's own |
//! | [`grpc`] | `... --example grpc` | calls of gRPC, with streams either way, through to a backend of HTTP/2 |
//! | [`websocket`] | `... --example websocket` | a WebSocket over HTTP/1.1 and over HTTP/2, with one backend |
//!
//! [`trial`] has what they are tried with: small backends, and a client.

pub mod add_a_route;
pub mod embed_in_axum;
pub mod grpc;
pub mod own_guard;
pub mod own_strategy;
pub mod trial;
pub mod websocket;

/// The example of proxy-core's README is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../crates/proxy-core/README.md")]
struct ProxyCoreReadme;
