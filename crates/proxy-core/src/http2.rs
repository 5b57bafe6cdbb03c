//! HTTP/2 on both sides: the `h2` crate between our sockets and our pipeline.
//!
//! A client's connection is one task (`server.rs`). It takes streams in, has each served by the same exchange that
//! serves HTTP/1.1, and polls those exchanges itself: no task and no channel stands between a stream and its socket,
//! and whatever the streams of a turn have to say leaves in one write. A backend's connection (`line.rs`) is shared
//! by the streams of a worker, so that a task of its own drives it; `lines.rs` knows which stand and which have room.
//!
//! Below `h2` lies `watched.rs`, which reads along: what frames come (`frames.rs`), and whether somebody sends more of
//! them than any use of the protocol explains (`allowance.rs`). Above it, `inbox.rs` and `outbox.rs` are the two halves
//! of a stream's body, for either side, and `fields.rs` translates between its field maps and our field lists.
//!
//! A WebSocket or another upgrade is inside the pipeline always what it is in HTTP/1.1: GET with `Upgrade`, answered
//! with 101. The edges translate from and to extended CONNECT (RFC 8441).

mod allowance;
mod backend;
mod block;
mod client;
mod fields;
mod frames;
mod head;
mod heartbeat;
mod inbox;
mod limits;
mod line;
mod lines;
mod outbox;
mod request;
mod server;
mod stream;
mod watched;
pub(crate) mod websocket;

pub(crate) use backend::{BackendStream, Fate};
pub use frames::fuzz_frames;
pub(crate) use lines::{Found, Lines, Waiting};
pub(crate) use server::{Handover, serve};

/// What a client that speaks HTTP/2 sends first. RFC 9113 section 3.4.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
