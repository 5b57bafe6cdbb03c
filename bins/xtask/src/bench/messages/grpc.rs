//! The messages of gRPC, as its description of HTTP/2 wants them.

use bytes::{BufMut, Bytes, BytesMut};

/// The method that is called.
pub(crate) const PATH: &str = "/bench.Echo/Unary";

/// What requests and responses say they carry.
pub(crate) const CONTENT_TYPE: &str = "application/grpc";

/// The trailer with the outcome of a call.
pub(crate) const STATUS: &str = "grpc-status";

/// The outcome of a call that went well.
pub(crate) const OK: &str = "0";

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// One message with its prefix, `length` bytes in all.
pub(crate) fn message(length: usize) -> Bytes {
    let payload = length.saturating_sub(PREFIX);
    let mut bytes = BytesMut::with_capacity(length);
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(payload).unwrap_or(u32::MAX));
    bytes.put_bytes(b'a', payload);
    bytes.freeze()
}

#[cfg(test)]
mod tests;
