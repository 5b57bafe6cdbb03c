//! The opening handshake of WebSocket, for where one side has none: RFC 8441 section 5 does without it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What is hashed behind a key. RFC 6455 section 1.3.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A fresh value of Sec-WebSocket-Key. It is no secret: it only tells that the other end has read it.
pub(super) fn key() -> [u8; 24] {
    let mut key = [0; 24];
    let _ = STANDARD.encode_slice(fastrand::u128(..).to_be_bytes(), &mut key);
    key
}

/// What Sec-WebSocket-Accept says to that key. RFC 6455 section 4.2.2.
pub(crate) fn accept(key: &[u8]) -> [u8; 28] {
    let mut accept = [0; 28];
    let hash = Sha1::new().chain_update(key.trim_ascii()).chain_update(MAGIC).finalize();
    let _ = STANDARD.encode_slice(hash, &mut accept);
    accept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_the_key_of_the_standard() {
        // RFC 6455 section 1.3.
        assert_eq!(&accept(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes_and_new_each_time() {
        let (first, second) = (key(), key());
        assert_ne!(first, second);
        assert_eq!(STANDARD.decode(first).map(|bytes| bytes.len()).ok(), Some(16));
    }
}
