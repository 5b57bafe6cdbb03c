//! Flags of frames: RFC 9113 section 6.

/// Of DATA and HEADERS: the sender's half of the stream ends with this frame.
pub const END_STREAM: u8 = 0x01;
/// Of SETTINGS and PING: the answer to one.
pub const ACK: u8 = 0x01;
/// Of HEADERS and CONTINUATION: the field block ends with this frame.
pub const END_HEADERS: u8 = 0x04;
/// Of DATA and HEADERS: the first byte says how many at the end are padding.
pub const PADDED: u8 = 0x08;
/// Of HEADERS: a priority stands before the field block.
pub const PRIORITY: u8 = 0x20;
