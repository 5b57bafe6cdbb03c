//! The seam between the pipeline and a protocol version: one message's body from one side, and one to it.
//!
//! HTTP/1.1 on both sides ([`crate::wire`]) and the tower service's side implement it, so that relaying,
//! back-pressure and aborts are written once.

use std::io;
use std::task::{Context, Poll};

use http1::Rule;
use tokio::net::TcpStream;

use crate::connect::TlsFault;

/// How many bytes are to come where nobody knows.
pub(crate) const ENDLESS: u64 = u64::MAX;

/// What is known after waiting for a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// There is data to be passed on.
    Data,
    /// The body is whole.
    End,
}

/// Why a side cannot go on. Small and `Copy`: it is made on the hot path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The connection is gone.
    Gone,
    /// What was sent breaks a rule.
    Rule(Rule),
    /// The body is larger than allowed.
    TooLarge,
    /// The secure channel has failed.
    Tls(TlsFault),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        TlsFault::of(&error).map_or(Self::Gone, Self::Tls)
    }
}

/// One side of an exchange: the body that comes from it, and the message that goes to it.
pub(crate) trait Channel {
    /// Waits until there is data of the body, or its end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, Broken>>;

    /// The data that came, not yet consumed.
    fn data(&self) -> &[u8];

    /// Marks the first `count` bytes of the data as passed on.
    fn consume(&mut self, count: usize);

    /// Told that the other side takes nothing now: there is no use in reading more at a time.
    fn hold_back(&mut self) {}

    /// The trailer section of a body that has ended, as it came; empty where there is none.
    fn trailers(&self) -> &[u8];

    /// Sends some of `data`, or takes it over to be sent with what follows. Returns how much; never zero.
    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>>;

    /// Ends the body that goes to this side, with `trailers` where they can be carried.
    fn finish(&mut self, trailers: &[u8]);

    /// Sends whatever was taken over.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>>;

    /// True where something was taken over and not yet sent.
    fn has_unsent(&self) -> bool;

    /// The socket and how many bytes of the body are still to come from it or may still go to it, where both
    /// may pass it by untouched; [`ENDLESS`] where only the connection's end will tell.
    fn spliceable(&self) -> Option<(&TcpStream, u64)> {
        None
    }

    /// Tells how many bytes of the body passed by. None, of an endless one, is its end.
    fn spliced(&mut self, _count: u64) {}
}
