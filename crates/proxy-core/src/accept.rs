//! ACCEPT: connections come in, in bounded batches, and are refused where there are too many.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rustix::io::Errno;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::client::Facts;
use crate::connection;
use crate::transport::Stream;
use crate::worker::Worker;

/// How many connections are taken before others get their turn.
const BATCH: usize = 32;
/// How many batches are taken in at the end: more than the system holds for us.
const LAST_BATCHES: usize = 128;
/// How long to wait where the system has no descriptor or memory left for another connection.
const OUT_OF_MEANS: Duration = Duration::from_millis(50);

/// Where connections come in.
#[derive(Debug)]
pub(crate) enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Door {
    fn poll_accept(&self, cx: &mut std::task::Context<'_>) -> Poll<io::Result<(Stream, Option<IpAddr>)>> {
        match self {
            Self::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(tcp, peer)| (Stream::from(tcp), Some(peer.ip().to_canonical()))),
            Self::Unix(listener) => listener.poll_accept(cx).map_ok(|(unix, _)| (Stream::from(unix), None)),
        }
    }

    /// The connections that the system holds for this door at this moment.
    fn queued(&self) -> impl Iterator<Item = (Stream, Option<IpAddr>)> {
        std::iter::from_fn(|| self.accept_now().ok())
    }

    fn accept_now(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        let (socket, address) = match self {
            Self::Tcp(listener) => SockRef::from(listener).accept()?,
            Self::Unix(listener) => SockRef::from(listener).accept()?,
        };
        socket.set_nonblocking(true)?;
        let Some(peer) = address.as_socket() else {
            let unix = std::os::unix::net::UnixStream::from(std::os::fd::OwnedFd::from(socket));
            return Ok((UnixStream::from_std(unix)?.into(), None));
        };
        Ok((TcpStream::from_std(socket.into())?.into(), Some(peer.ip().to_canonical())))
    }

    fn port(&self) -> u16 {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or(0, |address| address.port()),
            Self::Unix(_) => 0,
        }
    }
}

/// Takes connections in until `ending`, and then those that had been made by then.
pub(crate) async fn accept(
    door: Door,
    worker: Arc<Worker>,
    tracker: TaskTracker,
    mut ending: watch::Receiver<bool>,
    // Connections of an embedder's listener do not inherit the option.
    sets_nodelay: bool,
) {
    let port = door.port();
    let mut is_short = false;
    let mut batches_left = LAST_BATCHES;
    loop {
        let mut taken = 0;
        let accepted = tokio::select! {
            biased;
            accepted = poll_fn(|cx| door.poll_accept(cx)) => accepted,
            _ = ending.wait_for(|ending| *ending) => {
                // The runtime may not know yet what the system has: it is asked itself.
                for (stream, peer) in door.queued().take(LAST_BATCHES * BATCH) {
                    take_in(stream, peer, port, &worker, &tracker);
                }
                return;
            }
        };
        let mut accepted = Some(accepted);
        while let Some(connection) = accepted.take() {
            match connection {
                Ok((stream, peer)) => {
                    is_short = false;
                    if sets_nodelay && let Some(tcp) = stream.as_tcp() {
                        let _ = tcp.set_nodelay(true);
                    }
                    take_in(stream, peer, port, &worker, &tracker);
                }
                Err(error) if is_out_of_means(&error) => {
                    if !std::mem::replace(&mut is_short, true) {
                        tracing::error!(%error, "cannot accept connections: raise the limit of open files");
                    }
                    tokio::time::sleep(OUT_OF_MEANS).await;
                    if *ending.borrow() {
                        return;
                    }
                    break;
                }
                // The client had gone before it was accepted: accept(2).
                Err(_) => {}
            }
            taken += 1;
            if taken < BATCH {
                accepted = poll_fn(|cx| match door.poll_accept(cx) {
                    Poll::Ready(accepted) => Poll::Ready(Some(accepted)),
                    Poll::Pending => Poll::Ready(None),
                })
                .await;
            }
        }
        if taken >= BATCH {
            tokio::task::yield_now().await;
            // Under load there may always be another one: those that had been made by then have their end.
            if *ending.borrow() {
                batches_left -= 1;
                if batches_left == 0 {
                    return;
                }
            }
        }
    }
}

fn take_in(stream: Stream, peer: Option<IpAddr>, port: u16, worker: &Arc<Worker>, tracker: &TaskTracker) {
    for observer in &worker.shared.observers {
        observer.connection_opened();
    }
    let permit = match worker.shared.admit_connection(peer) {
        Ok(permit) => permit,
        Err(reason) => {
            worker.count("connection", reason);
            return;
        }
    };
    let facts = Facts {
        peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        local_port: port,
        is_secure: stream.is_secure(),
    };
    let serving = connection::serve(stream, facts, Arc::clone(worker), permit);
    tracker.spawn(until_over(serving, Arc::clone(worker)));
}

/// Serves on until the worker cuts its connections off.
async fn until_over(serving: impl Future<Output = ()>, worker: Arc<Worker>) {
    let mut serving = std::pin::pin!(serving);
    poll_fn(|cx| if worker.is_over() { Poll::Ready(()) } else { serving.as_mut().poll(cx) }).await;
}

fn is_out_of_means(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Serves `doors` until `ending`, then lets what is in flight end within the drain timeout.
pub(crate) async fn serve(
    doors: Vec<Door>,
    worker: Arc<Worker>,
    mut ending: watch::Receiver<bool>,
    sets_nodelay: bool,
) {
    let tracker = TaskTracker::new();
    let work = async {
        let mut accepting = tokio::task::JoinSet::new();
        for door in doors {
            accepting.spawn(accept(door, Arc::clone(&worker), tracker.clone(), ending.clone(), sets_nodelay));
        }
        loop {
            tokio::select! {
                _ = ending.wait_for(|ending| *ending) => break,
                Some(ended) = accepting.join_next() => resume(ended),
            }
        }
        while let Some(ended) = accepting.join_next().await {
            resume(ended);
        }
        tracker.close();
        // The system is asked once more for what has come by now: who has sent a request is not idle.
        tokio::task::yield_now().await;
        worker.drain();
        let patience = worker.snapshot().0.blueprint.settings.drain_timeout;
        if tokio::time::timeout(patience, tracker.wait()).await.is_err() {
            worker.end();
            tracker.wait().await;
        }
    };
    tokio::select! {
        () = work => {}
        () = worker.tick() => {}
    }
}

/// A panic in the accept loop is the worker's own: its supervisor replaces it.
fn resume(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}
