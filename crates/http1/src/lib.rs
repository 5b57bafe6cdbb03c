//! Strict HTTP/1.1 messages without I/O: heads as ordered field lists, body framing, what must be refused.
//!
//! A head is parsed once, into ranges of the buffer that it was read into, with an id for each well-known
//! field name. Order, case and duplicates stay as they came; what is taken out is marked, and what stays is
//! copied in runs when the head is written on. `httparse` finds the bytes, this crate holds the rules of RFC
//! 9110 and RFC 9112 that concern an intermediary: one message must mean one thing to every parser behind it.
//!
//! It never reads a socket, never knows a route, and never answers: a violation is a [`Rule`], and whoever
//! holds the connection decides what to say.
//!
//! ```
//! use http1::{Limits, Name, Parsed, RequestHead, framing};
//!
//! let bytes = b"GET /a?b HTTP/1.1\r\nHost: example.com\r\nX-Any: 1\r\n\r\n";
//! let mut head = RequestHead::default();
//! let Ok(Parsed::Complete { len }) = head.parse(bytes, &Limits::default()) else { panic!("refused") };
//! assert_eq!(len, bytes.len());
//! assert_eq!(head.fields(bytes).first(Name::Host), Some(&b"example.com"[..]));
//! assert_eq!(framing::of_request(&head, bytes), Ok(framing::BodyLength::None));
//!
//! let mut out = b"GET /a?b HTTP/1.1\r\n".to_vec();
//! head.fields(bytes).write_to(&mut out);
//! assert_eq!(out, &bytes[..bytes.len() - 2]);
//! ```

#![forbid(unsafe_code)]

pub mod chunked;
pub mod connection;
mod field;
pub mod framing;
#[doc(hidden)]
pub mod fuzz;
mod method;
mod name;
mod number;
mod parse;
mod refusal;
mod request;
mod response;
mod rule;
mod short;
pub mod target;
pub mod token;
mod word;

pub use field::{Field, Fields, Line};
pub use method::Method;
pub use name::{Name, NameSet};
pub use number::{push_decimal, push_hex};
pub use parse::{Lines, Parsed, Version, parse_trailers};
pub use request::RequestHead;
pub use response::ResponseHead;
pub use rule::Rule;

/// What a head may hold at the most.
///
/// # Defaults
/// 64 KiB of head, 100 fields, 16 KiB of request target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole head, start line and final empty line included.
    pub head: usize,
    /// Field lines of a head.
    pub fields: usize,
    /// Bytes of a request target.
    pub target: usize,
}

impl Limits {
    /// The bytes of a head that are looked at: ranges of more than 4 GiB are none.
    fn most_bytes(&self) -> usize {
        self.head.min(u32::MAX as usize)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 * 1024, fields: 100, target: 16 * 1024 }
    }
}

/// The example of the README is compiled and run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
