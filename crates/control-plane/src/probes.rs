//! Active probes: what is asked of a backend to see whether it is well.
//!
//! A probe makes a connection of its own, asks once, and closes. Its time is bounded by whoever asks for it.

mod bounded;
mod dialler;
mod grpc;
mod http;
mod http1;
mod http2;

use bounded::Bounded;
pub(crate) use dialler::Dialler;
pub(crate) use grpc::GrpcProbe;
pub(crate) use http::HttpProbe;

/// Who asks: backends see in their logs that it is no client.
const USER_AGENT: &str = concat!("proxyd-health/", env!("CARGO_PKG_VERSION"));

/// More of a body is not read, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// More of a head is not read, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// What a backend answered.
struct Answer {
    head: ::http::response::Parts,
    /// As much of the body as was wanted.
    body: Vec<u8>,
    /// Of an answer that was read to its end.
    trailers: Option<::http::HeaderMap>,
}

/// Appends what fits into `most` bytes; true where nothing more does.
fn take(part: &[u8], most: usize, body: &mut Vec<u8>) -> bool {
    let room = most.saturating_sub(body.len());
    body.extend_from_slice(part.get(..room).unwrap_or(part));
    body.len() >= most
}

#[cfg(test)]
mod rig;
