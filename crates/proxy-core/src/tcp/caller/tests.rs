use std::io;
use std::pin::Pin;
use std::task::Waker;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::channel::{Channel, Fill};
use crate::transport::Transport;

/// Says these things, and its end but once.
struct Scripted(Vec<io::Result<&'static [u8]>>);

impl Transport for Scripted {}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(self.0.remove(0).map(|bytes| buf.put_slice(bytes)))
    }
}

impl AsyncWrite for Scripted {
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

fn caller(sent_ahead: &[u8], says: Vec<io::Result<&'static [u8]>>) -> Caller {
    Caller::new(Stream::new(Scripted(says)), sent_ahead)
}

/// All that comes, and whether it has ended.
fn rest(caller: Caller) -> (Vec<u8>, bool) {
    let (mut wire, mut got) = (caller.into_tunnel(), Vec::new());
    loop {
        match wire.poll_fill(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(Fill::Data)) => {
                got.extend_from_slice(wire.data());
                wire.consume(wire.data().len());
            }
            Poll::Ready(Ok(Fill::End)) => return (got, true),
            Poll::Ready(Err(broken)) => panic!("{broken:?}"),
            Poll::Pending => return (got, false),
        }
    }
}

#[test]
fn what_has_come_and_its_end_are_kept() {
    for (sent_ahead, says, expected) in [
        (&b""[..], vec![], (&b""[..], false)),
        (b"ahead ", vec![], (b"ahead ", false)),
        (b"ahead ", vec![Ok(&b"and "[..]), Ok(b"more")], (b"ahead and more", false)),
        (b"ahead ", vec![Ok(&b"more"[..]), Ok(b"")], (b"ahead more", true)),
        (b"ahead ", vec![Ok(&b""[..])], (b"ahead ", true)),
        (b"", vec![Ok(&b""[..])], (b"", true)),
    ] {
        let mut caller = caller(sent_ahead, says);
        for _ in 0..2 {
            assert!(caller.poll_left(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        let (got, has_ended) = rest(caller);
        assert_eq!((&got[..], has_ended), expected);
    }
}

#[test]
fn who_breaks_off_has_left() {
    let mut caller = caller(b"", vec![Ok(b"a"), Err(io::ErrorKind::ConnectionReset.into())]);
    assert!(caller.poll_left(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn no_more_is_taken_in_than_may_be() {
    let says = std::iter::repeat_with(|| Ok(&[7; 4096][..])).take(10).collect();
    let mut caller = caller(b"", says);
    assert!(caller.poll_left(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(caller.wire.input.len(), READ_AHEAD);
    assert_eq!(rest(caller).0.len(), 40_960);
}
