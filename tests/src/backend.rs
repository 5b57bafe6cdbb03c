//! A backend that does what a test tells it.

use std::net::{Ipv4Addr, Shutdown, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use socket2::SockRef;

use crate::locked::{lock, wait_until};
use crate::socket::Stream;
use crate::{Message, Session, Socket};

/// A backend: a thread that accepts, and one for each connection, which runs the test's closure. It ends when it is
/// dropped.
pub struct Backend {
    address: Socket,
    shared: Arc<Shared>,
}

/// What a backend and the threads of its connections share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) changed: Condvar,
    listener: Mutex<Option<Listener>>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) requests: Vec<Message>,
    pub(crate) ambiguous: Vec<String>,
    /// All bytes of each connection.
    pub(crate) seen: Vec<Arc<Mutex<Vec<u8>>>>,
    pub(crate) streams: Vec<Stream>,
    pub(crate) ended: usize,
    pub(crate) is_killed: bool,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Backend {
    /// A backend on a free port of `127.0.0.1`, each of whose connections is served by `script` and closed behind it.
    pub fn start(script: impl Fn(&mut Session) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        Self::on(listener, script)
    }

    /// A backend on a listener of the test's.
    pub fn on(listener: TcpListener, script: impl Fn(&mut Session) + Send + Sync + 'static) -> Self {
        let address = Socket::Tcp(listener.local_addr().expect("a listener has an address"));
        Self::spawn(address, Listener::Tcp(listener), script)
    }

    /// A backend on a Unix socket.
    pub fn on_unix(path: &Path, script: impl Fn(&mut Session) + Send + Sync + 'static) -> Self {
        let listener = UnixListener::bind(path).expect("the path is free");
        Self::spawn(Socket::Unix(path.to_owned()), Listener::Unix(listener), script)
    }

    /// A backend that answers each request with these bytes.
    pub fn answering(answer: impl AsRef<[u8]>) -> Self {
        let answer = answer.as_ref().to_vec();
        Self::start(move |session| session.answer_all(&answer))
    }

    /// A backend that answers each request with 200 and `ok`.
    pub fn ok() -> Self {
        Self::saying("ok")
    }

    /// A backend that answers each request with 200 and this body.
    pub fn saying(body: &str) -> Self {
        Self::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    fn spawn(
        address: Socket,
        listener: Listener,
        script: impl Fn(&mut Session) + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        *lock(&shared.listener) = Some(listener.try_clone());
        let backend = Self { address, shared: Arc::clone(&shared) };
        let script = Arc::new(script);
        std::thread::spawn(move || {
            while let Ok(stream) = listener.accept() {
                let Some(mut session) = Session::new(stream, &shared) else { return };
                let script = Arc::clone(&script);
                std::thread::spawn(move || script(&mut session));
            }
        });
        backend
    }

    /// Where it listens.
    pub const fn address(&self) -> &Socket {
        &self.address
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests that came whole so far.
    ///
    /// # Panics
    /// One of them could be read differently by two parsers.
    #[track_caller]
    pub fn requests(&self) -> Vec<Message> {
        self.requests_since(0)
    }

    /// The requests that came whole behind the first `count`.
    ///
    /// # Panics
    /// One of them could be read differently by two parsers.
    #[track_caller]
    pub fn requests_since(&self, count: usize) -> Vec<Message> {
        let state = lock(&self.shared.state);
        assert!(
            state.ambiguous.is_empty(),
            "an ambiguous request reached the backend: {:#?}",
            state.ambiguous
        );
        state.requests.get(count..).unwrap_or_default().to_vec()
    }

    /// How many requests came whole so far.
    pub fn request_count(&self) -> usize {
        lock(&self.shared.state).requests.len()
    }

    /// The only request that came.
    ///
    /// # Panics
    /// There is none, or more than one.
    #[track_caller]
    pub fn request(&self) -> Message {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "not one request: {requests:#?}");
        requests.remove(0)
    }

    /// Waits for so many whole requests.
    ///
    /// # Panics
    /// They do not come.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Message> {
        self.wait("requests", |state| state.requests.len() >= count);
        self.requests()
    }

    /// Waits until so many connections have ended.
    ///
    /// # Panics
    /// They do not end.
    #[track_caller]
    pub fn wait_for_ends(&self, count: usize) {
        self.wait("ends of connections", |state| state.ended >= count);
    }

    #[track_caller]
    fn wait(&self, what: &str, is_there: impl Fn(&State) -> bool) {
        let (state, came) = wait_until(&self.shared.state, &self.shared.changed, is_there);
        assert!(came, "not so many {what}: {:#?}", state.requests);
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        lock(&self.shared.state).seen.len()
    }

    /// All bytes that came, of each connection.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        let state = lock(&self.shared.state);
        state.seen.iter().map(|seen| lock(seen).clone()).collect()
    }

    /// Breaks the connections that there are, and takes new ones.
    pub fn cut(&self) {
        for stream in &lock(&self.shared.state).streams {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Dies as a killed process does: nobody listens any more, and every connection breaks.
    pub fn kill(&self) {
        if let Some(listener) = lock(&self.shared.listener).take() {
            listener.shutdown();
        }
        let mut state = lock(&self.shared.state);
        state.is_killed = true;
        for stream in state.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Listener {
    fn try_clone(&self) -> Self {
        match self {
            Self::Tcp(listener) => Self::Tcp(listener.try_clone().expect("descriptors are left")),
            Self::Unix(listener) => Self::Unix(listener.try_clone().expect("descriptors are left")),
        }
    }

    fn accept(&self) -> std::io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().and_then(|(stream, _)| Stream::tcp(stream)),
            Self::Unix(listener) => listener.accept().and_then(|(stream, _)| Stream::unix(stream)),
        }
    }

    /// Wakes who accepts, and has the system refuse connections from now on.
    fn shutdown(&self) {
        let _ = match self {
            Self::Tcp(listener) => SockRef::from(listener).shutdown(Shutdown::Both),
            Self::Unix(listener) => SockRef::from(listener).shutdown(Shutdown::Both),
        };
    }
}
