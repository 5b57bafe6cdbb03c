//! Identifiers of settings: RFC 9113 section 6.5.2; RFC 8441 section 3.

/// How large the table may be that the other end's field blocks refer to.
pub const HEADER_TABLE_SIZE: u16 = 0x1;
/// Whether streams may be pushed.
pub const ENABLE_PUSH: u16 = 0x2;
/// How many streams the other end may have open.
pub const MAX_CONCURRENT_STREAMS: u16 = 0x3;
/// How many bytes of a body the other end may send before it hears more.
pub const INITIAL_WINDOW_SIZE: u16 = 0x4;
/// How long the payload of a frame may be.
pub const MAX_FRAME_SIZE: u16 = 0x5;
/// How large a decoded head may be.
pub const MAX_HEADER_LIST_SIZE: u16 = 0x6;
/// Whether CONNECT may have a `:protocol`.
pub const ENABLE_CONNECT_PROTOCOL: u16 = 0x8;
