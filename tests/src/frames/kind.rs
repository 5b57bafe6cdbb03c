//! Types of frames: RFC 9113 section 6.

/// Bytes of a body.
pub const DATA: u8 = 0x0;
/// The beginning of a field block.
pub const HEADERS: u8 = 0x1;
/// A priority, which nobody needs to heed.
pub const PRIORITY: u8 = 0x2;
/// The end of a stream at once.
pub const RST_STREAM: u8 = 0x3;
/// Settings of the sender, or the answer to some.
pub const SETTINGS: u8 = 0x4;
/// A stream that a server opens.
pub const PUSH_PROMISE: u8 = 0x5;
/// A question for a sign of life, or its answer.
pub const PING: u8 = 0x6;
/// The end of the connection.
pub const GOAWAY: u8 = 0x7;
/// More bytes that may be sent.
pub const WINDOW_UPDATE: u8 = 0x8;
/// More of a field block.
pub const CONTINUATION: u8 = 0x9;
/// A type that no document defines.
pub const UNKNOWN: u8 = 0x16;
