//! What RFC 9113 and RFC 7541 ask of a server, clause by clause. Where a connection error is asked for, the end of the
//! connection will do, and where a stream error is, a connection error will.

mod accepted;
mod compression;
mod connection;
mod continuation;
mod framing;
mod messages;
mod settings;
mod states;
mod streams;
mod windows;

use harness::{Backend, Document};

use crate::it::front::Front;

/// A proxy whose answers have a body of some bytes, which some of the cases take in pieces.
fn front() -> Front {
    Front::with(Backend::saying("hello, world"), Document::to)
}
