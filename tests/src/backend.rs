//! A backend that does what a test tells it.

use std::net::{Ipv4Addr, Shutdown, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use socket2::SockRef;

use crate::canonical::ambiguity;
use crate::socket::Stream;
use crate::{Broken, Connection, Head, Message, PATIENCE, Socket};

/// A backend: a thread that accepts, and one for each connection, which runs the test's closure. It ends when it is
/// dropped.
pub struct Backend {
    address: Socket,
    shared: Arc<Shared>,
}

/// What a backend's connection is served with.
pub struct Session {
    /// The connection.
    pub connection: Connection,
    /// Which connection of the backend this is; the first is 0.
    pub number: usize,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    listener: Mutex<Option<Listener>>,
}

#[derive(Default)]
struct State {
    requests: Vec<Message>,
    ambiguous: Vec<String>,
    /// All bytes of each connection.
    seen: Vec<Arc<Mutex<Vec<u8>>>>,
    streams: Vec<Stream>,
    ended: usize,
    is_killed: bool,
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
        *shared.listener.lock().unwrap() = Some(listener.try_clone());
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
        let state = self.shared.state.lock().unwrap();
        assert!(
            state.ambiguous.is_empty(),
            "an ambiguous request reached the backend: {:#?}",
            state.ambiguous
        );
        state.requests.clone()
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
        let state = self.shared.state.lock().unwrap();
        let (state, waited) =
            self.shared.changed.wait_timeout_while(state, PATIENCE, |state| !is_there(state)).unwrap();
        assert!(!waited.timed_out(), "not so many {what}: {:#?}", state.requests);
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().seen.len()
    }

    /// All bytes that came, of each connection.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        let state = self.shared.state.lock().unwrap();
        state.seen.iter().map(|seen| seen.lock().unwrap().clone()).collect()
    }

    /// Dies as a killed process does: nobody listens any more, and every connection breaks.
    pub fn kill(&self) {
        if let Some(listener) = self.shared.listener.lock().unwrap().take() {
            listener.shutdown();
        }
        let mut state = self.shared.state.lock().unwrap();
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

impl Session {
    /// A session on a connection; `None` once the backend is dead.
    fn new(stream: Stream, shared: &Arc<Shared>) -> Option<Self> {
        let kept = stream.try_clone().ok()?;
        let connection = Connection::new(stream);
        let mut state = shared.state.lock().unwrap();
        if state.is_killed {
            return None;
        }
        let number = state.seen.len();
        state.seen.push(connection.seen());
        state.streams.push(kept);
        drop(state);
        shared.changed.notify_all();
        Some(Self { connection, number, shared: Arc::clone(shared) })
    }

    /// Reads the head of a request.
    ///
    /// # Errors
    /// The connection ends before.
    pub fn head(&mut self) -> Result<Head, Broken> {
        let head = self.connection.head()?;
        if let Some(ambiguity) = ambiguity(&head) {
            let mut state = self.shared.state.lock().unwrap();
            state.ambiguous.push(format!("{ambiguity}: {}", crate::latin1(&head.raw)));
        }
        Ok(head)
    }

    /// Reads a request with its body, and notes it.
    ///
    /// # Errors
    /// It does not come whole.
    pub fn request(&mut self) -> Result<Message, Broken> {
        let head = self.head()?;
        self.body(head)
    }

    /// Reads the body of a request whose head has been read, and notes the request.
    ///
    /// # Errors
    /// It does not come whole.
    pub fn body(&mut self, head: Head) -> Result<Message, Broken> {
        let read = self.connection.body_of_request(head);
        let mut state = self.shared.state.lock().unwrap();
        match &read {
            Ok(request) => state.requests.push(request.clone()),
            Err(Broken::Malformed(text)) => state.ambiguous.push(text.clone()),
            Err(_) => {}
        }
        drop(state);
        self.shared.changed.notify_all();
        read
    }

    /// Sends bytes to a proxy that may take no more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.connection.try_send(bytes);
    }

    /// Answers each request with these bytes, to HEAD with those of the head.
    pub fn answer_all(&mut self, answer: &[u8]) {
        while let Ok(request) = self.request() {
            let head =
                answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
            self.send(if request.head.method() == "HEAD" { &answer[..head] } else { answer });
        }
    }

    /// Waits until the proxy ends the connection.
    pub fn hold(&mut self) {
        let _ = self.connection.count_rest();
    }

    /// Ends the connection by a reset.
    pub fn reset(&mut self) {
        let _ = self.connection.stream().reset_at_end();
        self.forget();
    }

    /// The backend holds a second handle of each stream, which would keep the connection open.
    fn forget(&self) {
        let mut state = self.shared.state.lock().unwrap();
        let own = self.connection.stream().identity();
        state.streams.retain(|stream| stream.identity() != own);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.forget();
        self.shared.state.lock().unwrap().ended += 1;
        self.shared.changed.notify_all();
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
