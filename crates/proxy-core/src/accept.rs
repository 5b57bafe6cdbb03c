//! ACCEPT: connections come in, in bounded batches, and are refused where there are too many.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
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
use crate::events::{Kind, ListenerExhausted};
use crate::opening::{self, Opening};
use crate::spec::{ListenerMode, ListenerSpec};
use crate::transport::Stream;
use crate::worker::Worker;

/// How many connections are taken before others get their turn.
const BATCH: usize = 32;
/// How many batches are taken in at the end: more than the system holds for us.
const LAST_BATCHES: usize = 128;
/// How long to wait where the system has no descriptor or memory left for another connection.
const OUT_OF_MEANS: Duration = Duration::from_millis(50);

/// Who is at the other end; nobody can be told for a Unix socket.
type Peer = Option<SocketAddr>;

/// Where connections come in.
#[derive(Debug)]
pub(crate) enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Door {
    fn poll_accept(&self, cx: &mut std::task::Context<'_>) -> Poll<io::Result<(Stream, Peer)>> {
        match self {
            Self::Tcp(listener) => {
                listener.poll_accept(cx).map_ok(|(tcp, peer)| (Stream::from(tcp), Some(peer)))
            }
            Self::Unix(listener) => listener.poll_accept(cx).map_ok(|(unix, _)| (Stream::from(unix), None)),
        }
    }

    /// The connections that the system holds for this door at this moment.
    fn queued(&self) -> impl Iterator<Item = (Stream, Peer)> {
        std::iter::from_fn(|| self.accept_now().ok())
    }

    fn accept_now(&self) -> io::Result<(Stream, Peer)> {
        let (socket, address) = match self {
            Self::Tcp(listener) => SockRef::from(listener).accept()?,
            Self::Unix(listener) => SockRef::from(listener).accept()?,
        };
        socket.set_nonblocking(true)?;
        let Some(peer) = address.as_socket() else {
            let unix = std::os::unix::net::UnixStream::from(std::os::fd::OwnedFd::from(socket));
            return Ok((UnixStream::from_std(unix)?.into(), None));
        };
        Ok((TcpStream::from_std(socket.into())?.into(), Some(peer)))
    }

    fn port(&self) -> u16 {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or(0, |address| address.port()),
            Self::Unix(_) => 0,
        }
    }
}

/// What takes connections in at one door.
struct Accepting {
    door: Door,
    /// Which of the listeners this is.
    number: usize,
    port: u16,
    worker: Arc<Worker>,
    tracker: TaskTracker,
    ending: watch::Receiver<bool>,
    /// Connections of an embedder's listener do not inherit the option.
    sets_nodelay: bool,
    /// The system had no means for another connection the last time; it is told once.
    is_short: bool,
}

impl Accepting {
    /// Takes connections in until the end is told, and then those that had been made by then.
    async fn run(mut self) {
        let mut batches_left = LAST_BATCHES;
        while batches_left > 0 {
            let mut ending = self.ending.clone();
            let first = tokio::select! {
                biased;
                accepted = poll_fn(|cx| self.door.poll_accept(cx)) => accepted,
                _ = ending.wait_for(|ending| *ending) => break,
            };
            if self.take_batch(first).await {
                tokio::task::yield_now().await;
            }
            // Under load there may always be another one: those that had been made by then have their end.
            batches_left -= usize::from(*self.ending.borrow());
        }
        // The runtime may not know yet what the system has: it is asked itself.
        for (stream, peer) in self.door.queued().take(LAST_BATCHES * BATCH) {
            self.take_in(stream, peer);
        }
    }

    /// Takes in what is there, at most a batch. True where there may be more.
    async fn take_batch(&mut self, first: io::Result<(Stream, Peer)>) -> bool {
        let mut accepted = first;
        for _ in 0..BATCH {
            match accepted {
                Ok((stream, peer)) => {
                    self.is_short = false;
                    self.take_in(stream, peer);
                }
                Err(error) if is_out_of_means(&error) => {
                    if !std::mem::replace(&mut self.is_short, true) {
                        let told = || ListenerExhausted::new(self.port, &error);
                        self.worker.shared.events.emit_with(Kind::ListenerExhausted, told);
                        tracing::error!(%error, "cannot accept connections: raise the limit of open files");
                    }
                    tokio::time::sleep(OUT_OF_MEANS).await;
                    return false;
                }
                // The client had gone before it was accepted: accept(2).
                Err(_) => {}
            }
            let next = poll_fn(|cx| Poll::Ready(self.door.poll_accept(cx))).await;
            let Poll::Ready(next) = next else { return false };
            accepted = next;
        }
        if let Ok((stream, peer)) = accepted {
            self.take_in(stream, peer);
        }
        true
    }

    fn take_in(&self, stream: Stream, peer: Peer) {
        let worker = &self.worker;
        for observer in &worker.shared.observers {
            observer.connection_opened();
        }
        if self.sets_nodelay
            && let Some(tcp) = stream.as_tcp()
        {
            let _ = tcp.set_nodelay(true);
            stream.bound_unsent();
        }
        let pinned = worker.snapshot();
        let listener = pinned.0.listener(self.number);
        let client = peer.map(|peer| peer.ip().to_canonical());
        let is_announced = listener.is_some_and(|listener| is_announced(listener, client));
        // Behind a load balancer, the client is not known yet.
        let counted = client.filter(|_| !is_announced);
        let permit = match worker.shared.admit_connection(counted, || worker.deadlines.end_longest_rest()) {
            Ok(permit) => permit,
            Err(reason) => {
                worker.count("connection", reason);
                return;
            }
        };
        let facts = Facts {
            peer: client.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            peer_port: peer.map_or(0, |peer| peer.port()),
            local: pinned
                .0
                .announces
                .then(|| stream.local_addr())
                .flatten()
                .map(|local| local.ip().to_canonical()),
            local_port: self.port,
            is_secure: stream.is_secure(),
            is_http2: false,
            secured: stream.secured(),
        };
        if let Some(listener) = listener.filter(|listener| is_announced || !is_plain(listener)) {
            let worker = Arc::clone(worker);
            let listener = Arc::clone(listener);
            let opening = Opening { facts, listener, worker: Arc::clone(&worker), permit, is_announced };
            self.tracker.spawn(until_over(opening::serve(stream, opening), worker));
            return;
        }
        let serving = connection::serve(stream, facts, Arc::clone(worker), permit);
        self.tracker.spawn(until_over(serving, Arc::clone(worker)));
    }
}

/// True where a load balancer that is believed has made the connection; who comes by a Unix socket counts as 127.0.0.1.
fn is_announced(listener: &ListenerSpec, peer: Option<IpAddr>) -> bool {
    let Some(protocol) = &listener.proxy_protocol else { return false };
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    protocol.from.iter().any(|network| network.contains(&peer))
}

/// True where requests come at once.
fn is_plain(listener: &ListenerSpec) -> bool {
    listener.secure.is_none() && listener.mode == ListenerMode::Http
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
        for (number, door) in doors.into_iter().enumerate() {
            let accepting_here = Accepting {
                number,
                port: door.port(),
                door,
                worker: Arc::clone(&worker),
                tracker: tracker.clone(),
                ending: ending.clone(),
                sets_nodelay,
                is_short: false,
            };
            accepting.spawn(accepting_here.run());
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
