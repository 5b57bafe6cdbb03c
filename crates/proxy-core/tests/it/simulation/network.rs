//! The network in memory: sites where backends live, and the connections to them.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use proxy_core::spec::{BackendSpec, UpstreamSpec};
use proxy_core::{Address, Connect, ConnectError, Connecting, Stream, Transport};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::backend;
use super::ledger::Ledger;

/// So much may be under way on a connection: a head is written in one piece.
const PIPE: usize = 128 * 1024;

/// By its patience with names a request's own connect is told from a probe's: nothing is looked up here.
pub(super) const OF_REQUESTS: Duration = Duration::from_millis(1999);

/// How a site behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Answers after that time.
    Well(Duration),
    /// Refuses connections; those that stand go on.
    Refuses,
    /// Connects are never answered.
    BlackHole,
    /// Accepts, reads and never answers.
    Mute,
    /// Answers 503, with Retry-After where there are seconds.
    Busy(Option<u32>),
    /// Closes a connection before it reads a request.
    HangsUp,
    /// Closes once it has read a request.
    BreaksBeforeHead,
    /// Closes inside the head of its answer.
    BreaksInHead,
    /// Closes inside the body of its answer.
    BreaksInBody,
    /// Stops inside the body of its answer.
    StallsInBody,
    /// Closes each connection behind its answer, without having said so.
    ClosesIdle,
    /// Answers a few bytes at a time.
    Drips,
    /// All connections are cut, and new ones refused.
    Dead,
}

/// Answers at once.
pub(super) const WELL: Condition = Condition::Well(Duration::ZERO);

/// Where a backend lives.
pub(super) struct Site {
    pub(super) place: usize,
    condition: Mutex<Condition>,
    /// All connections end: they are woken in the order in which they came about.
    cut: Arc<Notify>,
}

impl Site {
    pub(super) fn condition(&self) -> Condition {
        *self.condition.lock().unwrap()
    }

    /// Ready when its connections are cut, from now on.
    fn cut(&self) -> OwnedNotified {
        Arc::clone(&self.cut).notified_owned()
    }
}

/// The network.
pub(super) struct Network {
    sites: Vec<Arc<Site>>,
    pub(super) ledger: Arc<Ledger>,
    random: Mutex<fastrand::Rng>,
}

impl Network {
    /// A network of so many sites, all of them well.
    pub(super) fn new(sites: usize, ledger: Arc<Ledger>, seed: u64) -> Arc<Self> {
        let site = |place| {
            let condition = Mutex::new(WELL);
            Arc::new(Site { place, condition, cut: Arc::default() })
        };
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        Arc::new(Self { sites: (0..sites).map(site).collect(), ledger, random })
    }

    /// Has a site behave otherwise, as to all requests and connects from now on.
    pub(super) fn set(&self, place: usize, condition: Condition) {
        let site = &self.sites[place];
        *site.condition.lock().unwrap() = condition;
        if condition == Condition::Dead {
            site.cut.notify_waiters();
        }
    }

    fn random(&self) -> fastrand::Rng {
        self.random.lock().unwrap().fork()
    }

    async fn accept(&self, to: &Address) -> Result<Stream, ConnectError> {
        let egress::Destination::Host { port, .. } = &to.destination else {
            return Err(ConnectError::Denied);
        };
        let site = &self.sites[usize::from(*port) - 1];
        let mut random = self.random();
        tokio::time::sleep(Duration::from_millis(random.u64(0..3))).await;
        match site.condition() {
            Condition::Refuses | Condition::Dead => {
                self.ledger.note("refused", site.place as u64, 0);
                return Err(ConnectError::Refused);
            }
            Condition::BlackHole => {
                tokio::time::sleep(to.connect_timeout).await;
                return Err(ConnectError::Timeout);
            }
            _ => {}
        }
        let number = self.ledger.opened(site.place, to.dns_timeout != OF_REQUESTS);
        let (near, far) = tokio::io::duplex(PIPE);
        let line = Arc::new(Line { number, is_reset: AtomicBool::new(false) });
        let far = Far { io: far, line: Arc::clone(&line), cut: Some(site.cut()) };
        tokio::spawn(backend::serve(far, Arc::clone(site), Arc::clone(&self.ledger), random));
        Ok(Stream::new(Near { io: near, line, ledger: Arc::clone(&self.ledger) }))
    }
}

impl Connect for Network {
    fn connect<'a>(&'a self, to: &'a Address) -> Connecting<'a> {
        Box::pin(self.accept(to))
    }
}

/// An upstream whose backends live at these sites.
pub(super) fn upstream(name: &str, sites: impl IntoIterator<Item = usize>) -> UpstreamSpec {
    let mut spec = sites.into_iter().fold(UpstreamSpec::new(name), |spec, site| {
        spec.backend(BackendSpec::new(format!("s{site}"), "sim", site as u16 + 1))
    });
    spec.dns_timeout = OF_REQUESTS;
    spec
}

/// A connection.
#[derive(Debug)]
struct Line {
    number: u64,
    is_reset: AtomicBool,
}

/// The proxy's end of a connection.
struct Near {
    io: DuplexStream,
    line: Arc<Line>,
    ledger: Arc<Ledger>,
}

impl Transport for Near {}

impl AsyncRead for Near {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // What had arrived before a reset is lost with it.
        if self.line.is_reset.load(Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Near {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = std::task::ready!(Pin::new(&mut self.io).poll_write(cx, buf))?;
        if let Some(id) = backend::id_of(&buf[..written]) {
            self.ledger.sent(self.line.number, id);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Drop for Near {
    fn drop(&mut self) {
        self.ledger.closed(self.line.number);
    }
}

/// The backend's end of a connection.
pub(super) struct Far {
    pub(super) io: DuplexStream,
    line: Arc<Line>,
    cut: Option<OwnedNotified>,
}

impl Far {
    /// Ready when the connection is cut.
    pub(super) fn cut(&mut self) -> OwnedNotified {
        self.cut.take().unwrap()
    }

    pub(super) fn number(&self) -> u64 {
        self.line.number
    }

    /// Breaks the connection off.
    pub(super) fn reset(self) {
        self.line.is_reset.store(true, Relaxed);
    }
}
