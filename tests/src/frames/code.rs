//! Error codes: RFC 9113 section 7.

/// Nothing is wrong.
pub const NO_ERROR: u32 = 0x0;
/// The protocol was not kept to.
pub const PROTOCOL_ERROR: u32 = 0x1;
/// Something is wrong within the one who says so.
pub const INTERNAL_ERROR: u32 = 0x2;
/// More came than the window allows, or a window became too large.
pub const FLOW_CONTROL_ERROR: u32 = 0x3;
/// The stream was over.
pub const STREAM_CLOSED: u32 = 0x5;
/// A frame has a length that it cannot have.
pub const FRAME_SIZE_ERROR: u32 = 0x6;
/// Nothing was done with the stream.
pub const REFUSED_STREAM: u32 = 0x7;
/// Nobody wants the stream any more.
pub const CANCEL: u32 = 0x8;
/// A field block cannot be decoded.
pub const COMPRESSION_ERROR: u32 = 0x9;
/// Too much is asked for.
pub const ENHANCE_YOUR_CALM: u32 = 0xb;
