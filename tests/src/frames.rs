//! HTTP/2 in raw frames (RFC 9113), with nothing between a test and the bytes.
//!
//! [`Http2`] is one end of a connection, the client's or the backend's; [`Http2Backend`] is a scripted backend. What is
//! sent is not judged at all, so that a test can send what is wrong.

pub mod code;
pub mod flag;
pub mod kind;
pub mod setting;

mod event;
mod fields;
mod frame;
mod hpack;

mod backend;
mod http2;
mod received;
mod sending;
mod waiting;

pub use backend::{Http2Backend, Http2Notes, Http2Session};
pub use event::Event;
pub use fields::Fields;
pub use frame::{Frame, bytes_of};
pub use http2::Http2;
pub use received::Received;

/// What a client sends first: RFC 9113 section 3.4.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
