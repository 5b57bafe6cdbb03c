//! The supervisor: it owns the listening sockets, starts a worker for each core, and replaces one that dies.

use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, watch};

use crate::accept::{self, Door};
use crate::events::{Kind, WorkerReplaced};
use crate::transport::UNSENT;
use crate::worker::{Shared, Worker};

/// How many connections the system holds for us before they are accepted.
const BACKLOG: i32 = 4096;
/// How long a worker that has died stays away, so that one which dies at once does not spin.
const RESTART: Duration = Duration::from_millis(100);

/// An address to listen at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListenAddress {
    /// An IPv4 or IPv6 address and a port; port 0 has the system choose one.
    Tcp(SocketAddr),
    /// The path of a Unix socket. One that nobody listens at any more is replaced.
    Unix(PathBuf),
}

impl std::fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Why an address cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {address}")]
pub struct ListenError {
    /// The address.
    pub address: ListenAddress,
    /// What the system said.
    pub source: io::Error,
}

/// Bound sockets. Those of TCP addresses are bound once per worker, so that the kernel spreads connections.
#[derive(Debug)]
pub struct Listeners {
    bound: Vec<Bound>,
    workers: usize,
}

#[derive(Debug)]
enum Bound {
    Tcp { address: SocketAddr, sockets: Vec<StdTcpListener> },
    Unix { path: PathBuf, listener: StdUnixListener },
}

impl Listeners {
    /// Binds every address for that many workers.
    ///
    /// # Errors
    /// The first address that cannot be bound; none is bound then.
    pub fn bind(addresses: &[ListenAddress], workers: usize) -> Result<Self, ListenError> {
        let workers = workers.max(1);
        let mut bound = Vec::with_capacity(addresses.len());
        for address in addresses {
            let one = match address {
                ListenAddress::Tcp(tcp) => bind_tcp(*tcp, workers),
                ListenAddress::Unix(path) => bind_unix(path),
            };
            bound.push(one.map_err(|source| ListenError { address: address.clone(), source })?);
        }
        Ok(Self { bound, workers })
    }

    /// The addresses, with the ports that the system chose.
    pub fn addresses(&self) -> impl Iterator<Item = ListenAddress> {
        self.bound.iter().map(|bound| match bound {
            Bound::Tcp { address, .. } => ListenAddress::Tcp(*address),
            Bound::Unix { path, .. } => ListenAddress::Unix(path.clone()),
        })
    }

    /// The doors of one worker, on the runtime that it runs on.
    fn doors(&self, worker: usize) -> io::Result<Vec<Door>> {
        self.bound.iter().map(|bound| bound.door(worker)).collect()
    }
}

impl Bound {
    /// The worker's own socket; the supervisor keeps the original, so that its backlog outlives the worker.
    fn door(&self, worker: usize) -> io::Result<Door> {
        match self {
            Self::Tcp { sockets, .. } => {
                let socket = sockets.get(worker % sockets.len().max(1)).ok_or(io::ErrorKind::NotFound)?;
                TcpListener::from_std(socket.try_clone()?).map(Door::Tcp)
            }
            Self::Unix { listener, .. } => UnixListener::from_std(listener.try_clone()?).map(Door::Unix),
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if let Self::Unix { path, .. } = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn bind_tcp(address: SocketAddr, workers: usize) -> io::Result<Bound> {
    // Another program at this address is an error, and not somebody to share with.
    drop(open(address, false)?);
    let first = bind_one(address)?;
    let address = first.local_addr()?;
    let mut sockets = vec![first];
    for _ in 1..workers {
        sockets.push(bind_one(address)?);
    }
    Ok(Bound::Tcp { address, sockets })
}

fn bind_one(address: SocketAddr) -> io::Result<StdTcpListener> {
    let socket = open(address, true)?;
    // Accepted connections inherit it: one system call less for each.
    socket.set_tcp_nodelay(true)?;
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A socket bound to `address`, alone or beside others of ours.
fn open(address: SocketAddr, is_shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(is_shared)?;
    if address.is_ipv6() {
        // `[::]` and `0.0.0.0` may then be listened at side by side.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

fn bind_unix(path: &Path) -> io::Result<Bound> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if is_socket
        && StdUnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    {
        std::fs::remove_file(path)?;
    }
    let listener = StdUnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok(Bound::Unix { path: path.to_owned(), listener })
}

/// Runs the workers until `shutdown`, and then until what is in flight has ended or the drain timeout is over.
pub(crate) async fn run(
    shared: Arc<Shared>,
    listeners: Listeners,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (ending, ends) = watch::channel(false);
    let (ended, mut endings) = mpsc::unbounded_channel();
    let workers = listeners.workers;
    let listeners = Arc::new(Mutex::new(Some(listeners)));
    let start = |number: usize| {
        let telling = Telling { number, ended: ended.clone(), outcome: "panicked" };
        Start { number, shared: Arc::clone(&shared), listeners: Arc::clone(&listeners), ends: ends.clone() }
            .spawn(telling)
    };
    for number in 0..workers {
        start(number)?;
    }
    let mut alive = workers;
    let mut shutdown = std::pin::pin!(shutdown);
    let mut is_ending = false;
    while alive > 0 {
        tokio::select! {
            () = &mut shutdown, if !is_ending => {
                is_ending = true;
                // With the workers' own copies, which they drop once nothing waits there any more, the sockets
                // are closed: who comes later is refused at once, and can go elsewhere.
                listeners.lock().unwrap_or_else(PoisonError::into_inner).take();
                let _ = ending.send(true);
            }
            Some((number, outcome)) = endings.recv() => {
                if is_ending {
                    alive -= 1;
                    continue;
                }
                tracing::error!(worker = number, outcome, "a worker has died and is replaced");
                shared.events.emit_with(Kind::WorkerReplaced, || WorkerReplaced::new(number, outcome));
                tokio::time::sleep(RESTART).await;
                start(number)?;
            }
        }
    }
    Ok(())
}

/// All that a worker's thread starts with.
struct Start {
    number: usize,
    shared: Arc<Shared>,
    listeners: Arc<Mutex<Option<Listeners>>>,
    ends: watch::Receiver<bool>,
}

impl Start {
    fn spawn(self, telling: Telling) -> io::Result<()> {
        let thread = std::thread::Builder::new().name(format!("worker-{}", self.number));
        thread.spawn(move || {
            let outcome = self.work();
            telling.tell(if outcome.is_ok() { "ended" } else { "could not start" });
        })?;
        Ok(())
    }

    fn work(self) -> io::Result<()> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().on_thread_unpark(crate::pool::next_turn).build()?;
        let worker = Worker::new(self.number, &self.shared);
        let outcome = runtime.block_on(async {
            accept::serve(doors_of(&self.listeners, self.number)?, worker, self.ends, false).await;
            Ok(())
        });
        // A name that is being looked up would be waited for.
        runtime.shutdown_background();
        outcome
    }
}

/// The doors of a worker; none where the listeners are closed already.
fn doors_of(listeners: &Mutex<Option<Listeners>>, worker: usize) -> io::Result<Vec<Door>> {
    let listeners = listeners.lock().unwrap_or_else(PoisonError::into_inner);
    listeners.as_ref().map_or(Ok(Vec::new()), |listeners| listeners.doors(worker))
}

/// Tells the supervisor that a worker is gone, however it went.
struct Telling {
    number: usize,
    ended: mpsc::UnboundedSender<(usize, &'static str)>,
    outcome: &'static str,
}

impl Telling {
    fn tell(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        let _ = self.ended.send((self.number, self.outcome));
    }
}

#[cfg(test)]
mod tests;
