//! Bytes that no honest client sends, or not like this.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig};
use tls_sni::{HandshakeFailure, Server};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio_rustls::TlsConnector;

use super::rig::{Authority, EACH, Visitor, client, feed, hello, serving, settings, table};

const NAME: &str = "a.test";
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// What happens to what the client sends.
#[derive(Clone, Copy)]
enum Mischief {
    /// It comes one byte at a time, with a pause before each.
    Crumbs,
    /// It ends after so many bytes.
    EndsAfter(usize),
    /// The connection is reset after so many bytes.
    BreaksAfter(usize),
    /// Nothing can be sent to it.
    IsDeaf,
}

struct Mischievous {
    io: DuplexStream,
    mischief: Mischief,
    read: usize,
    paused: bool,
}

impl AsyncRead for Mischievous {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let most = match this.mischief {
            Mischief::Crumbs => {
                this.paused = !this.paused;
                if this.paused {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                1
            }
            Mischief::EndsAfter(end) if this.read == end => return Poll::Ready(Ok(())),
            Mischief::BreaksAfter(end) if this.read == end => {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            Mischief::EndsAfter(end) | Mischief::BreaksAfter(end) => end - this.read,
            Mischief::IsDeaf => usize::MAX,
        };
        let mut part = into.take(most);
        ready!(Pin::new(&mut this.io).poll_read(cx, &mut part))?;
        let len = part.filled().len();
        // The bytes are in the buffer, which only has to be told so.
        into.set_filled(into.filled().len() + len);
        this.read += len;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Mischievous {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if matches!(this.mischief, Mischief::IsDeaf) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut this.io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

/// Shakes hands over that; returns how many bytes the server read.
async fn shake(
    server: &Server,
    client: &Arc<ClientConfig>,
    mischief: Mischief,
) -> Result<usize, HandshakeFailure> {
    let (near, far) = duplex(64 * 1024);
    let io = Mischievous { io: near, mischief, read: 0, paused: false };
    let connector = TlsConnector::from(Arc::clone(client));
    let name = ServerName::try_from(NAME).unwrap();
    let (ours, _theirs) = tokio::join!(server.accept(io), connector.connect(name, far));
    Ok(ours?.get_ref().read)
}

/// A server that demands certificates, so that a handshake has all stages that there are.
struct House {
    server: Server,
    clients: Vec<Arc<ClientConfig>>,
}

impl House {
    fn new() -> Self {
        let authority = Authority::new("ours");
        let shown = authority.issue(&["c.test"]);
        let mut settings = settings();
        settings.client_auth = Some(authority.required());
        let server = Server::new(table(vec![authority.issue(&[NAME]).served()]), &settings).unwrap();
        let client = |versions| {
            let mut config = Visitor { versions, shows: Some(&shown), ..Visitor::of(&authority) }.config();
            // Each handshake is a full one.
            config.resumption = rustls::client::Resumption::disabled();
            Arc::new(config)
        };
        Self { server, clients: EACH.map(client).to_vec() }
    }
}

#[tokio::test]
async fn what_comes_a_byte_at_a_time_is_understood() {
    let house = House::new();
    for client in &house.clients {
        assert!(shake(&house.server, client, Mischief::Crumbs).await.is_ok());
    }
}

#[tokio::test]
async fn an_end_at_any_byte_is_a_closed_connection() {
    let house = House::new();
    for client in &house.clients {
        let whole = shake(&house.server, client, Mischief::EndsAfter(usize::MAX)).await.unwrap();
        // A signature is now and then some bytes shorter.
        let most = whole - 16;
        for end in (0..most).step_by(17).chain(most - 60..most) {
            let outcome = shake(&house.server, client, Mischief::EndsAfter(end)).await;
            assert_eq!(outcome, Err(HandshakeFailure::Closed), "at {end} of {whole}");
        }
    }
    assert_eq!(HandshakeFailure::Closed.code(), "closed");
}

#[tokio::test]
async fn a_reset_at_any_byte_is_a_broken_connection() {
    let house = House::new();
    for client in &house.clients {
        let whole = shake(&house.server, client, Mischief::EndsAfter(usize::MAX)).await.unwrap();
        for end in (0..whole - 16).step_by(61) {
            let outcome = shake(&house.server, client, Mischief::BreaksAfter(end)).await;
            assert_eq!(outcome, Err(HandshakeFailure::Io), "at {end} of {whole}");
        }
        assert_eq!(shake(&house.server, client, Mischief::IsDeaf).await, Err(HandshakeFailure::Io));
    }
    assert_eq!(HandshakeFailure::Io.code(), "io");
}

#[tokio::test]
async fn a_refusal_that_cannot_be_sent_is_a_refusal() {
    let authority = Authority::new("ours");
    let outcome = shake(&serving(&[]), &client(&authority), Mischief::IsDeaf).await;
    assert_eq!(outcome, Err(HandshakeFailure::UnknownName));
}

/// A record of this kind, for TLS 1.2.
fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut record = vec![kind, 3, 3];
    record.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    record.extend(payload);
    record
}

/// A message of the handshake.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
    message.extend(body);
    message
}

/// A ClientHello of that version, with these suites and these bytes for extensions. RFC 5246 section 7.4.1.2.
fn client_hello(version: u16, suites: &[u16], extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
    suites.iter().for_each(|suite| body.extend(suite.to_be_bytes()));
    body.extend([1, 0]);
    if !extensions.is_empty() {
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
    }
    message(1, &body)
}

/// One extension.
fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut extension = kind.to_be_bytes().to_vec();
    extension.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    extension.extend(body);
    extension
}

/// What a hello for TLS 1.2 needs: `a.test`, P-256, and ECDSA with SHA-256.
fn needed() -> Vec<u8> {
    let mut all = extension(0, b"\0\x09\0\0\x06a.test");
    all.extend(extension(10, &[0, 2, 0, 23]));
    all.extend(extension(13, &[0, 2, 4, 3]));
    all
}

const ECDHE_ECDSA_AES: u16 = 0xc02b;

fn server() -> Server {
    serving(&[&Authority::new("ours").issue(&[NAME])])
}

#[tokio::test]
async fn what_is_no_tls_is_told_apart() {
    let server = server();
    let noise: Vec<u8> = (0..40_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        // SSLv2's hello. RFC 5246 appendix E.2.
        &[
            0x80, 0x2e, 1, 0, 2, 0, 21, 0, 0, 0, 16, 1, 0, 0x80, 3, 0, 0x80, 7, 0, 0xc0, 6, 0, 0x40, 2, 0,
            0x80,
        ],
        &[0; 64],
        &[0xff; 64],
        &noise,
        // A ServerHello; application data; a record without a message.
        &record(HANDSHAKE, &message(2, &[3, 3])),
        &record(23, b"GET / HTTP/1.1\r\n\r\n"),
        &record(HANDSHAKE, &[]),
        // A hello that breaks off within, and one with something behind its end.
        &record(HANDSHAKE, &message(1, &[3, 3, 7])),
        &record(HANDSHAKE, &[client_hello(0x303, &[ECDHE_ECDSA_AES], &needed()), vec![0]].concat()),
        // A name twice.
        &record(HANDSHAKE, &client_hello(0x303, &[1], &[needed(), needed()].concat())),
    ] {
        let (failure, answer) = feed(&server, bytes).await;
        assert_eq!(failure, HandshakeFailure::NotTls, "{:?}", &bytes[..bytes.len().min(40)]);
        // It is told by an alert, if at all.
        assert!(answer.first().is_none_or(|kind| *kind == ALERT), "{answer:?}");
    }
    assert_eq!(HandshakeFailure::NotTls.code(), "not_tls");
}

#[tokio::test]
async fn a_hello_by_hand_is_answered() {
    let bytes = record(HANDSHAKE, &client_hello(0x303, &[ECDHE_ECDSA_AES], &needed()));
    let (failure, answer) = feed(&server(), &bytes).await;
    assert_eq!((failure, answer[0]), (HandshakeFailure::Closed, HANDSHAKE));
}

#[tokio::test]
async fn what_is_too_old_is_told() {
    let server = server();
    for version in [0x300, 0x301, 0x302] {
        // SSL 3.0 and TLS 1.0 knew no extensions; later clients send them even with a low version.
        for (suites, extensions) in [(0x2f, vec![]), (0xc009, needed()), (ECDHE_ECDSA_AES, needed())] {
            let bytes = record(HANDSHAKE, &client_hello(version, &[suites], &extensions));
            let (failure, answer) = feed(&server, &bytes).await;
            assert_eq!(failure, HandshakeFailure::NoSharedParameters, "{version:x} {suites:x}");
            assert_eq!(answer[0], ALERT);
        }
    }
    // TLS 1.2 with nothing but what is broken: CBC, RSA without forward secrecy, a NULL cipher, RC4.
    let bytes = record(HANDSHAKE, &client_hello(0x303, &[0xc009, 0x2f, 1, 5], &needed()));
    let (failure, answer) = feed(&server, &bytes).await;
    assert_eq!(failure, HandshakeFailure::NoSharedParameters);
    assert_eq!(answer[6], u8::from(AlertDescription::HandshakeFailure));
}

#[tokio::test]
async fn what_follows_the_hello_must_be_tls() {
    let server = server();
    let hello = record(HANDSHAKE, &client_hello(0x303, &[ECDHE_ECDSA_AES], &needed()));
    for (bytes, expected) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), HandshakeFailure::NotTls),
        (hello.clone(), HandshakeFailure::NotTls),
        (record(23, &[0; 64]), HandshakeFailure::NotTls),
        // A point that is none, in place of the client's share.
        (record(HANDSHAKE, &message(16, &[65; 66])), HandshakeFailure::NotTls),
        (record(ALERT, &[2, 48]), HandshakeFailure::Alert),
        (record(ALERT, &[1, 0]), HandshakeFailure::Closed),
        (record(ALERT, &[1, 90]), HandshakeFailure::Closed),
        (Vec::new(), HandshakeFailure::Closed),
    ] {
        let (failure, _) = feed(&server, &[hello.clone(), bytes.clone()].concat()).await;
        assert_eq!(failure, expected, "{bytes:?}");
    }
    // Nobody has said anything yet that could be broken off.
    assert_eq!(feed(&server, &record(ALERT, &[2, 40])).await.0, HandshakeFailure::NotTls);
}

/// The hello in records of so many bytes.
fn fragments(hello: &[u8], size: usize) -> Vec<u8> {
    hello.chunks(size).flat_map(|part| record(HANDSHAKE, part)).collect()
}

#[tokio::test]
async fn a_hello_may_come_in_fragments() {
    let server = server();
    // RFC 7685 pads like this.
    let padded =
        |len| client_hello(0x303, &[ECDHE_ECDSA_AES], &[needed(), extension(21, &vec![0; len])].concat());
    for (hello, size) in [(padded(0), 1), (padded(0), 7), (padded(1000), 100), (padded(60_000), 16_384)] {
        let (failure, answer) = feed(&server, &fragments(&hello, size)).await;
        assert_eq!((failure, answer[0]), (HandshakeFailure::Closed, HANDSHAKE), "{} {size}", hello.len());
    }
}

#[tokio::test]
async fn a_hello_that_does_not_end_is_refused() {
    let server = server();
    // The last byte does not come. What is held for it is bounded at 64 kB.
    for (len, expected) in [
        (60_000, HandshakeFailure::Closed),
        (0xffff, HandshakeFailure::NotTls),
        (0x1_0000, HandshakeFailure::NotTls),
    ] {
        let mut hello = message(1, &vec![0; len]);
        hello.pop();
        for size in [400, 16_384] {
            let (failure, _) = feed(&server, &fragments(&hello, size)).await;
            assert_eq!(failure, expected, "{len} {size}");
        }
    }
    let mut endless = vec![1, 0xff, 0xff, 0xff];
    endless.extend(vec![0; 200_000]);
    assert_eq!(feed(&server, &fragments(&endless, 16_384)).await.0, HandshakeFailure::NotTls);
    // Records that hold nothing are no way to wait for ever.
    let mut nothing = record(HANDSHAKE, &[1, 0, 1, 0]);
    nothing.extend(record(HANDSHAKE, &[]).repeat(10_000));
    assert_eq!(feed(&server, &nothing).await.0, HandshakeFailure::NotTls);
}

#[tokio::test]
async fn a_hello_in_which_any_byte_is_another_is_answered_or_refused() {
    let authority = Authority::new("ours");
    let server = serving(&[&authority.issue(&[NAME])]);
    let bytes = hello(&client(&authority), NAME);
    for place in 0..bytes.len().min(400) {
        let mut changed = bytes.clone();
        changed[place] ^= 0x55;
        let (mut near, far) = duplex(256 * 1024);
        near.write_all(&changed).await.unwrap();
        near.shutdown().await.unwrap();
        let failure = server.accept(far).await.map(|_| ()).unwrap_err();
        assert!(
            !matches!(failure, HandshakeFailure::Io | HandshakeFailure::Challenge),
            "{failure:?} at {place}"
        );
        near.read_to_end(&mut Vec::new()).await.unwrap();
    }
}
