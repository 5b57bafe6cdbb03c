//! Bodies that pass by: from one socket to another through a pipe, without being copied. `splice(2)`.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::channel::Broken;

/// Bodies with at least that much to come are spliced.
pub(crate) const WORTH_IT: u64 = 64 * 1024;
/// What a pipe is asked to hold; the kernel may grant less.
const PIPE_SIZE: usize = 512 * 1024;
/// How many pipes a thread keeps.
const KEPT: usize = 64;

thread_local! {
    static PIPES: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

/// A pipe, and how many bytes stand in it.
#[derive(Debug)]
struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    filled: usize,
    size: usize,
}

/// A leased pipe. It is given back where nothing stands in it.
#[derive(Debug)]
pub(crate) struct Splice(Option<Pipe>);

impl Splice {
    /// Leases a pipe; `None` where the system has none to give.
    pub(crate) fn new() -> Option<Self> {
        let kept = PIPES.try_with(|pipes| pipes.borrow_mut().pop()).ok().flatten();
        kept.or_else(Pipe::open).map(|pipe| Self(Some(pipe)))
    }

    /// How many bytes stand in the pipe.
    pub(crate) fn filled(&self) -> usize {
        self.0.as_ref().map_or(0, |pipe| pipe.filled)
    }

    /// True where bytes stand in the pipe.
    pub(crate) fn has_bytes(&self) -> bool {
        self.filled() > 0
    }

    /// Moves bytes into the pipe, at most `most`. Returns how many; zero at the end of the stream.
    pub(crate) fn poll_fill(
        &mut self,
        from: &TcpStream,
        most: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Broken>> {
        let Some(pipe) = &mut self.0 else { return Poll::Ready(Err(Broken::Gone)) };
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(pipe.size);
        loop {
            ready!(from.poll_read_ready(cx))?;
            let moved = from.try_io(Interest::READABLE, || {
                splice(from, None, &pipe.write, None, most, FLAGS).map_err(io::Error::from)
            });
            match moved {
                Err(error) if is_passing(&error) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
                Ok(count) => {
                    pipe.filled += count;
                    return Poll::Ready(Ok(count));
                }
            }
        }
    }

    /// Moves what stands in the pipe out of it. Ready once the pipe is empty.
    pub(crate) fn poll_drain(&mut self, to: &TcpStream, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let Some(pipe) = &mut self.0 else { return Poll::Ready(Err(Broken::Gone)) };
        while pipe.filled > 0 {
            ready!(to.poll_write_ready(cx))?;
            let moved = to.try_io(Interest::WRITABLE, || {
                splice(&pipe.read, None, to, None, pipe.filled, FLAGS).map_err(io::Error::from)
            });
            match moved {
                Err(error) if is_passing(&error) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
                Ok(0) => return Poll::Ready(Err(Broken::Gone)),
                Ok(count) => pipe.filled -= count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Not now, or not this time.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

const FLAGS: SpliceFlags = SpliceFlags::NONBLOCK.union(SpliceFlags::MOVE);

impl Pipe {
    fn open() -> Option<Self> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
        let size = fcntl_setpipe_size(&write, PIPE_SIZE).unwrap_or(64 * 1024);
        Some(Self { read, write, filled: 0, size })
    }
}

impl Drop for Splice {
    fn drop(&mut self) {
        let Some(pipe) = self.0.take().filter(|pipe| pipe.filled == 0) else { return };
        let _ = PIPES.try_with(|pipes| {
            let mut pipes = pipes.borrow_mut();
            if pipes.len() < KEPT {
                pipes.push(pipe);
            }
        });
    }
}
