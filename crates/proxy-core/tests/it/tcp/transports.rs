//! Connections to backends that are no sockets, or never come about.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proxy_core::spec::{BackendSpec, Settings, UpstreamSpec};
use proxy_core::{Address, Connect, Connecting, Stream, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::sync::mpsc;

use super::*;

/// Connects to backends that are no sockets, and tells the test of each.
struct InMemory(mpsc::UnboundedSender<DuplexStream>);

impl Connect for InMemory {
    fn connect<'a>(&'a self, _: &'a Address) -> Connecting<'a> {
        // Little at a time, so that each side has to wait for the other.
        let (near, far) = tokio::io::duplex(1000);
        self.0.send(far).unwrap();
        Box::pin(std::future::ready(Ok(Stream::new(Pipe(near)))))
    }
}

/// Connects to nobody, and says to the test that it began to.
struct Never(mpsc::UnboundedSender<()>);

impl Connect for Never {
    fn connect<'a>(&'a self, _: &'a Address) -> Connecting<'a> {
        self.0.send(()).unwrap();
        Box::pin(std::future::pending())
    }
}

struct Pipe(DuplexStream);

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

impl Transport for Pipe {}

#[tokio::test]
async fn what_is_no_socket_is_relayed_alike() {
    let (told, mut backends) = mpsc::unbounded_channel();
    let app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "anywhere.test", 1));
    let running = Running::start(relaying(app).connect(Arc::new(InMemory(told)))).await;
    let mut client = running.client().await;
    let mut backend = soon(backends.recv()).await.unwrap();
    let much: Vec<u8> = (0..300_000_u32).map(|number| (number ^ (number >> 8)) as u8).collect();
    let mut got = Vec::new();
    let up = async {
        client.send(&much).await;
        client.shut().await;
    };
    soon(async { tokio::join!(up, backend.read_to_end(&mut got)) }).await.1.unwrap();
    assert!(got == much);
    let down = async {
        backend.write_all(&much).await.unwrap();
        backend.shutdown().await.unwrap();
    };
    let ((), (got, in_order)) = tokio::join!(down, client.rest());
    assert!(got == much && in_order);
    running.connections(0).await;
}

#[tokio::test]
async fn a_backend_is_looked_for_only_so_long_and_only_for_who_is_there() {
    let (told, mut dialled) = mpsc::unbounded_channel();
    let app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "anywhere.test", 1));
    let short = |settings: &mut Settings| settings.timeout = 2 * SHORT;
    let running = Running::start(relaying_with(short, app).connect(Arc::new(Never(told)))).await;
    let client = running.client().await;
    soon(dialled.recv()).await.unwrap();
    client.reset();
    running.counted("client_gone", 1).await;
    // Who has said all that it has to say is still there.
    let mut client = running.client().await;
    client.send("all of it").await;
    client.shut().await;
    assert_eq!(client.remains().await, "");
    running.counted("request_timeout", 1).await;
    assert_eq!(running.in_flight(), [0]);
    assert_eq!(running.handle.connection_reasons().len(), 2);
}

/// Says something once, and breaks.
struct Breaking(Option<&'static [u8]>);

impl AsyncRead for Breaking {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(
            self.0.take().map(|said| buf.put_slice(said)).ok_or(io::ErrorKind::ConnectionReset.into()),
        )
    }
}

impl AsyncWrite for Breaking {
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

impl Transport for Breaking {}

/// Connects to backends that say their last words.
struct Dying;

impl Connect for Dying {
    fn connect<'a>(&'a self, _: &'a Address) -> Connecting<'a> {
        Box::pin(std::future::ready(Ok(Stream::new(Breaking(Some(b"last words"))))))
    }
}

#[tokio::test]
async fn what_came_before_a_break_is_passed_on() {
    let app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "anywhere.test", 1));
    let running = Running::start(relaying(app).connect(Arc::new(Dying))).await;
    let mut client = running.client().await;
    assert_eq!(client.rest().await, (b"last words".to_vec(), false));
    running.counted("upstream_reset", 1).await;
}
