//! Hellos that were changed at random.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rustls::ClientConfig;
use tls_sni::{HandshakeFailure, Protocol, Server, UnknownName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::rig::{Authority, EACH, Visitor, client, hello, nameless, settings, table, visit};

const NAME: &str = "a.test";
const STEPS: usize = 60_000;

/// Bytes and then the end; whatever is sent is lost. It never waits.
struct Tape<'a>(&'a [u8]);

impl AsyncRead for Tape<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (now, later) = self.0.split_at(self.0.len().min(into.remaining()));
        into.put_slice(now);
        self.0 = later;
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

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}

fn change(bytes: &mut Vec<u8>, random: &mut Random, others: &[Vec<u8>]) {
    // Most of what is interesting lies at the beginning: a share of ML-KEM is long, and any bytes will do for it.
    let end = if random.below(3) == 0 { bytes.len() } else { bytes.len().min(220) };
    let at = random.below(end + 1);
    match random.below(8) {
        0 => bytes.insert(at, random.byte()),
        1 => bytes.truncate(at),
        2 => {
            let end = (at + random.below(40)).min(bytes.len());
            bytes.drain(at..end);
        }
        3 => {
            let other = &others[random.below(others.len())];
            let from = random.below(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        4 => {
            let end = (at + random.below(40)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        kind => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = if kind == 5 { random.byte() } else { *byte ^ 1 << random.below(8) };
            }
        }
    }
}

/// Makes the lengths of the record and of the message those that they would be, so that what is inside is looked at.
fn mend(bytes: &mut [u8]) {
    if let Some(len) = bytes.len().checked_sub(9).and_then(|len| u16::try_from(len).ok()) {
        bytes[3..5].copy_from_slice(&(len + 4).to_be_bytes());
        bytes[5..7].copy_from_slice(&[1, 0]);
        bytes[7..9].copy_from_slice(&len.to_be_bytes());
    }
}

async fn hellos(server: &Server, authority: &Authority) -> Vec<Vec<u8>> {
    let mut all = vec![hello(&nameless(authority), NAME), hello(&client(authority), "new.test")];
    for versions in EACH {
        let visitor = Visitor { versions, protocols: &[b"h2", b"http/1.1"], ..Visitor::of(authority) };
        let client: Arc<ClientConfig> = visitor.client();
        all.push(hello(&client, NAME));
        // With a ticket of the server's.
        visit(server, &client, NAME).await;
        all.push(hello(&client, NAME));
        all.push(hello(&Visitor { protocols: &[b"acme-tls/1"], ..visitor }.client(), NAME));
    }
    all
}

#[tokio::test]
async fn no_hello_does_any_harm() {
    let authority = Authority::new("ours");
    let certificates = table(vec![authority.issue(&[NAME]).served(), authority.issue_rsa(&[NAME]).served()]);
    certificates.put_challenge(NAME, authority.issue(&[NAME]).certificate());
    let mut settings = settings();
    settings.protocols = vec![Protocol::Http2, Protocol::Http1];
    settings.client_auth_of =
        vec![("*.test".to_owned(), None), ("new.test".to_owned(), Some(authority.required()))];
    let server = Server::new(certificates, &settings).unwrap();
    let bases = hellos(&server, &authority).await;
    for (seed, unknown_name) in [(1, UnknownName::Reject), (2, UnknownName::Default)] {
        settings.unknown_name = unknown_name;
        server.replace(&settings).unwrap();
        let mut random = Random(seed);
        let mut seen = std::collections::HashMap::new();
        for step in 0..STEPS / 2 {
            let mut bytes = bases[random.below(bases.len())].clone();
            for _ in 0..1 << random.below(4) {
                change(&mut bytes, &mut random, &bases);
            }
            if random.below(3) != 0 {
                mend(&mut bytes);
            }
            let handshake = pin!(server.accept(Tape(&bytes)));
            let outcome = handshake.poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(outcome) = outcome else { panic!("seed {seed}, step {step}: it waits") };
            let failure = outcome.map(|_| ()).unwrap_err();
            let is_other = matches!(
                failure,
                HandshakeFailure::UnknownName
                    | HandshakeFailure::NoSharedParameters
                    | HandshakeFailure::Alert
                    | HandshakeFailure::NotTls
                    | HandshakeFailure::Closed
            );
            assert!(is_other, "seed {seed}, step {step}: {failure:?}");
            *seen.entry(failure).or_insert(0) += 1;
        }
        // It is a walk only if it gets somewhere: to hellos that are answered, above all.
        for failure in
            [HandshakeFailure::Closed, HandshakeFailure::NoSharedParameters, HandshakeFailure::NotTls]
        {
            assert!(seen.get(&failure).is_some_and(|times| *times > 40), "seed {seed}: {seen:?}");
        }
        let refused = seen.get(&HandshakeFailure::UnknownName).copied().unwrap_or(0);
        assert!(refused > 100 || unknown_name == UnknownName::Default, "seed {seed}: {seen:?}");
    }
}
