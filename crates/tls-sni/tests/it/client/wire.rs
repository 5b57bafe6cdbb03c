//! Bytes on the way: in pieces, cut off, changed.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::ServerConfig;
use tls_sni::{Client, ClientStream, ConnectFailure, failure_of};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::rig::{Authority, Backend, EACH, NAME, V13, shake, talk, trusting};

/// What happens to what the backend sends.
#[derive(Clone, Copy)]
enum Mischief {
    /// It comes one byte at a time, with a pause before each.
    Crumbs,
    /// It ends after so many bytes.
    EndsAfter(usize),
    /// That byte is another.
    Changes(usize),
}

struct Mischievous {
    io: DuplexStream,
    mischief: Mischief,
    read: usize,
    paused: bool,
}

impl Mischievous {
    fn new(io: DuplexStream, mischief: Mischief) -> Self {
        Self { io, mischief, read: 0, paused: false }
    }
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
            Mischief::EndsAfter(end) => end - this.read,
            Mischief::Changes(_) => usize::MAX,
        };
        let mut part = into.take(most);
        ready!(Pin::new(&mut this.io).poll_read(cx, &mut part))?;
        let len = part.filled().len();
        if let Mischief::Changes(place) = this.mischief
            && let Some(byte) =
                place.checked_sub(this.read).and_then(|place| part.filled_mut().get_mut(place))
        {
            *byte ^= 0x55;
        }
        // The bytes are in the buffer, which only has to be told so.
        into.set_filled(into.filled().len() + len);
        this.read += len;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Mischievous {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

/// Connects over that, and reads until the end.
async fn run(
    client: &Client,
    config: &Arc<ServerConfig>,
    mischief: Mischief,
) -> (Result<io::Result<Vec<u8>>, ConnectFailure>, usize) {
    let (near, far) = duplex(64 * 1024);
    let acceptor = TlsAcceptor::from(Arc::clone(config));
    let backend = async move {
        let Ok(mut theirs) = acceptor.accept(far).await else { return };
        let _ = theirs.write_all(b"all of it").await;
        let _ = theirs.shutdown().await;
        let _ = theirs.read_to_end(&mut Vec::new()).await;
    };
    let ours = async {
        let mut ours = match client.connect(Mischievous::new(near, mischief), NAME).await {
            Ok(ours) => ours,
            Err(failure) => return (Err(failure), 0),
        };
        let mut got = Vec::new();
        let ended = ours.read_to_end(&mut got).await;
        (Ok(ended.map(|_| got)), ours.get_ref().read)
    };
    tokio::join!(ours, backend).0
}

#[tokio::test]
async fn what_comes_a_byte_at_a_time_is_understood() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    for versions in EACH {
        let client = Client::new(trusting(&authority)).unwrap();
        let config = Backend { versions, ..Backend::with(&shown) }.config();
        for _ in 0..2 {
            let (outcome, _) = run(&client, &config, Mischief::Crumbs).await;
            assert_eq!(outcome.unwrap().unwrap(), b"all of it");
        }
    }
}

#[tokio::test]
async fn an_end_at_any_byte_is_an_error() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    for versions in EACH {
        let config = Backend { versions, ..Backend::with(&shown) }.config();
        let client = || Client::new(trusting(&authority)).unwrap();
        let (whole, len) = run(&client(), &config, Mischief::EndsAfter(usize::MAX)).await;
        assert_eq!(whole.unwrap().unwrap(), b"all of it");
        let mut has_connected = false;
        // A signature is now and then some bytes shorter: the goodbye at the end is longer than that.
        let most = len - 8;
        for end in (0..most).step_by(7).chain(most - 40..most) {
            match run(&client(), &config, Mischief::EndsAfter(end)).await.0 {
                Err(failure) => {
                    assert_eq!(failure, ConnectFailure::Closed, "at {end}");
                    assert!(!has_connected, "at {end}");
                }
                Ok(read) => {
                    has_connected = true;
                    let error = read.expect_err("an end that nobody announced");
                    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "at {end}");
                    assert_eq!(failure_of(&error), None);
                }
            }
        }
        assert!(has_connected);
    }
}

#[tokio::test(start_paused = true)]
async fn no_changed_byte_changes_what_is_read() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    for versions in EACH {
        let config = Backend { versions, ..Backend::with(&shown) }.config();
        let client = || Client::new(trusting(&authority)).unwrap();
        let (_, len) = run(&client(), &config, Mischief::EndsAfter(usize::MAX)).await;
        for place in (0..len - 1).step_by(11) {
            // Client and backend may wait for each other, the one for the rest of a message that seems longer now. The clock
            // is paused: it goes on once nothing else does.
            let client = client();
            let run = run(&client, &config, Mischief::Changes(place));
            let Ok((outcome, _)) = timeout(Duration::from_secs(1), run).await else { continue };
            match outcome {
                Err(failure) => assert_ne!(failure, ConnectFailure::Internal, "at {place}"),
                Ok(Err(_)) => {}
                Ok(Ok(got)) => assert_eq!(got, b"all of it", "at {place}"),
            }
        }
    }
}

#[tokio::test]
async fn much_goes_both_ways_through_a_narrow_pipe() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let client = Client::new(trusting(&authority)).unwrap();
    let acceptor = TlsAcceptor::from(Backend::with(&shown).config());
    let (near, far) = duplex(1000);
    let (ours, theirs) = tokio::join!(client.connect(near, NAME), acceptor.accept(far));
    let (mut ours, theirs) = (ours.unwrap(), theirs.unwrap());
    assert!(ours.is_write_vectored());

    let sent: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let echo = async move {
        let (mut from, mut to) = tokio::io::split(theirs);
        tokio::io::copy(&mut from, &mut to).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let talk = async {
        let (mut from, mut to) = tokio::io::split(&mut ours);
        let write = async {
            let mut rest = &sent[..];
            while !rest.is_empty() {
                let (one, other) = rest.split_at(rest.len().min(5000) / 2);
                let slices = [io::IoSlice::new(one), io::IoSlice::new(&other[..other.len().min(2500)])];
                let written = to.write_vectored(&slices).await.unwrap();
                rest = &rest[written..];
            }
            to.shutdown().await.unwrap();
        };
        let mut got = Vec::new();
        let (_, read) = tokio::join!(write, from.read_to_end(&mut got));
        read.unwrap();
        got
    };
    let (got, ()) = tokio::join!(talk, echo);
    assert!(got == sent);
}

#[tokio::test]
async fn what_was_received_and_not_read_is_known() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let client = Client::new(trusting(&authority)).unwrap();
    let (mut ours, mut theirs) = shake(&client, &Backend::with(&shown).config(), NAME).await.both();
    talk(&mut ours, &mut theirs).await;
    assert!(!ours.has_buffered_input());
    theirs.write_all(b"two").await.unwrap();
    theirs.flush().await.unwrap();
    assert!(!ours.has_buffered_input());
    let mut one = [0];
    ours.read_exact(&mut one).await.unwrap();
    assert!(ours.has_buffered_input());
    ours.read_exact(&mut [0; 2]).await.unwrap();
    assert!(!ours.has_buffered_input());

    theirs.write_all(b"x").await.unwrap();
    theirs.shutdown().await.unwrap();
    ours.read_exact(&mut one).await.unwrap();
    let end = ours.read(&mut one).await.unwrap();
    assert_eq!(end, 0);
    assert!(ours.has_buffered_input());
    assert!(format!("{ours:?}").starts_with("ClientStream"));
}

#[tokio::test]
async fn what_was_written_and_not_sent_is_known() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let client = Client::new(trusting(&authority)).unwrap();
    let acceptor = TlsAcceptor::from(Backend::with(&shown).config());
    let (near, far) = duplex(1000);
    let (ours, theirs) = tokio::join!(client.connect(near, NAME), acceptor.accept(far));
    let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
    assert!(!ours.has_unsent());
    assert_eq!(ours.write(&[7; 5000]).await.unwrap(), 5000);
    assert!(ours.has_unsent());

    let mut got = [0; 5000];
    let mut reading = Box::pin(theirs.read_exact(&mut got));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(reading.as_mut().poll(&mut cx).is_pending());
    let (flushed, read) = tokio::join!(ours.flush(), reading);
    flushed.unwrap();
    read.unwrap();
    assert!(!ours.has_unsent());
    assert_eq!(got, [7; 5000]);
}

#[tokio::test]
async fn tickets_that_come_while_nothing_is_asked_are_no_input() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    let client = Client::new(trusting(&authority)).unwrap();
    let config = Backend { versions: &V13, ..Backend::with(&shown) }.config();
    let (mut ours, _theirs) = shake(&client, &config, NAME).await.both();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let mut room = [0];
    let mut room = ReadBuf::new(&mut room);
    assert!(Pin::new(&mut ours).poll_read(&mut cx, &mut room).is_pending());
    assert!(!ours.has_buffered_input());
    // They were taken in by it.
    let (again, _) = shake(&client, &config, NAME).await.both();
    assert!(again.is_resumed());
}

#[tokio::test]
async fn sockets_work_as_pipes_do() {
    let authority = Authority::new("ours");
    let shown = authority.issue("127.0.0.1");
    let client = Client::new(trusting(&authority)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Backend::with(&shown).config());
    fn check_send(_: &impl Send) {}
    for is_resumed in [false, true] {
        let backend = async {
            let (io, _) = listener.accept().await.unwrap();
            let mut theirs = acceptor.accept(io).await.unwrap();
            theirs.write_all(b"hello").await.unwrap();
            theirs.shutdown().await.unwrap();
            theirs.read_to_end(&mut Vec::new()).await.unwrap();
        };
        let ours = async {
            let io = TcpStream::connect(address).await.unwrap();
            let handshake = client.connect(io, "127.0.0.1");
            check_send(&handshake);
            let mut ours: ClientStream<TcpStream> = handshake.await.unwrap();
            check_send(&ours);
            assert_eq!(ours.is_resumed(), is_resumed);
            assert_eq!(ours.get_mut().peer_addr().unwrap(), address);
            let mut got = Vec::new();
            ours.read_to_end(&mut got).await.unwrap();
            assert_eq!(got, b"hello");
            ours.shutdown().await.unwrap();
        };
        tokio::join!(ours, backend);
    }
}
