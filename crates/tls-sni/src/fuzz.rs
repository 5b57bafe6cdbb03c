//! What a fuzzer calls.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::certificate::Certificate;
use crate::certificates::{Certificates, Served};
use crate::protocol::Protocol;
use crate::server::{HandshakeFailure, Server, ServerSettings, UnknownName};
use crate::tickets::TicketKeys;

/// Whatever a client sends and then ends with, be it in a ClientHello or not: it is refused without a wait, for the same reason
/// however it is cut.
///
/// # Panics
/// It is not so.
pub fn fuzz_hello(data: &[u8]) {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(server);
    assert!(server.is_some(), "a server can be made");
    let Some(server) = server else { return };
    check(server, data);
    check(server, &framed(data));
}

#[track_caller]
fn check(server: &Server, data: &[u8]) {
    let whole = shake(server, data, usize::MAX);
    let cut = shake(server, data, 1 + data.len() / 50);
    assert!(whole.is_some() && cut == whole, "{whole:?}, and cut {cut:?}");
}

/// As the body of a ClientHello, in records: most changes of a hello are seen by its lengths alone.
fn framed(data: &[u8]) -> Vec<u8> {
    let [.., high, middle, low] = data.len().to_be_bytes();
    let message = [&[1, high, middle, low], data].concat();
    let record = |part: &[u8]| {
        let [.., high, low] = part.len().to_be_bytes();
        [&[22, 3, 1, high, low], part].concat()
    };
    message.chunks(16_384).flat_map(record).collect()
}

/// Why there is no connection; `None` where there is one, or where something is waited for.
fn shake(server: &Server, data: &[u8], piece: usize) -> Option<HandshakeFailure> {
    let handshake = pin!(server.accept(Tape { rest: data, piece }));
    match handshake.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome.err(),
        Poll::Pending => None,
    }
}

/// One that has `a.test`, which is being validated, for everybody.
fn server() -> Option<Server> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
    let chain = pem("CERTIFICATE", &certificate(key.public_key().as_ref()));
    let key = pem("PRIVATE KEY", key.to_pkcs8v1().ok()?.as_ref());
    let certificate = Certificate::for_challenge(chain.as_bytes(), key.as_bytes()).ok()?;
    let certificates = Certificates::new();
    certificates.put_challenge("a.test", certificate.clone());
    let names = Some(vec!["a.test".to_owned()]);
    certificates.put("fuzz:a", Served { certificate, names, is_default: true });
    let mut settings = ServerSettings::new(TicketKeys::random());
    settings.unknown_name = UnknownName::Default;
    settings.protocols = vec![Protocol::Http2, Protocol::Http1];
    Server::new(certificates, &settings).ok()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// As little as a certificate can be, for this point of P-256: nobody verifies it. RFC 5280 section 4.1.
fn certificate(point: &[u8]) -> Vec<u8> {
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 3;
    const VERSION_AND_SERIAL: &[u8] = &[0xa0, 3, 2, 1, 2, 2, 1, 1];
    const ECDSA_WITH_SHA256: &[u8] = &[SEQUENCE, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const P256: &[u8] = &[
        SEQUENCE, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
    ];
    const NOBODY: &[u8] = &[SEQUENCE, 0];
    let validity = der(SEQUENCE, &[b"\x17\x0d700101000000Z", b"\x17\x0d491231235959Z"]);
    let key = der(SEQUENCE, &[P256, &der(BIT_STRING, &[&[0], point])]);
    let signed = [VERSION_AND_SERIAL, ECDSA_WITH_SHA256, NOBODY, &validity, NOBODY, &key];
    der(SEQUENCE, &[&der(SEQUENCE, &signed), ECDSA_WITH_SHA256, &[BIT_STRING, 1, 0]])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let [.., high, low] = body.len().to_be_bytes();
    let header: &[u8] = match (high, low) {
        (0, 0..=127) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [header, &body].concat()
}

/// Bytes in pieces, and then the end; whatever is sent is lost. It never waits.
struct Tape<'a> {
    rest: &'a [u8],
    piece: usize,
}

impl AsyncRead for Tape<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = self.rest.len().min(into.remaining()).min(self.piece);
        let (now, later) = self.rest.split_at(most);
        into.put_slice(now);
        self.rest = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tape<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fed_gets_as_far_as_to_an_answer() {
        let server = server().unwrap();
        // For TLS 1.2: ECDHE with ECDSA and ChaCha20, P-256, SHA-256.
        let hello = b"\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\xcc\xa9\x01\0\0\x1f\0\0\0\x0b\0\x09\0\0\x06a.test\0\x0a\0\x04\0\x02\0\x17\0\x0d\0\x04\0\x02\x04\x03";
        assert_eq!(shake(&server, &framed(hello), 1), Some(HandshakeFailure::Closed));
        assert_eq!(shake(&server, hello, 1), Some(HandshakeFailure::NotTls));
        fuzz_hello(hello);
        fuzz_hello(&[]);
        fuzz_hello(&[0; 70_000]);
        // The same for suites with RSA: it is told before the end.
        let hello: Vec<u8> = hello.iter().map(|byte| if *byte == 0xa9 { 0xa8 } else { *byte }).collect();
        assert_eq!(shake(&server, &framed(&hello), 1), Some(HandshakeFailure::NoSharedParameters));
    }
}
