//! A running proxy, and both ends of its connections: each test plays client and backend itself, step by step.

use std::sync::Arc;
use std::time::Duration;

use proxy_core::spec::{BackendSpec, RouteSpec, Settings, UpstreamSpec};
use proxy_core::{Builder, Completed, Handle, Observer, Proxy, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Nothing here takes that long: a test that would hang fails instead.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits, but not for ever.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it should have happened by now")
}

/// One end of a connection.
pub(super) struct Peer {
    stream: TcpStream,
    /// What was read and not yet asked for.
    ahead: Vec<u8>,
}

impl Peer {
    pub(super) async fn connect(port: u16) -> Self {
        Self::new(soon(TcpStream::connect(("127.0.0.1", port))).await.unwrap())
    }

    pub(super) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, ahead: Vec::new() }
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        soon(self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// The socket itself.
    pub(super) const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Sends what is taken; `None` where nothing is taken for a while.
    pub(super) async fn send_some(&mut self, bytes: &[u8]) -> Option<usize> {
        let sending = self.stream.write(bytes);
        tokio::time::timeout(Duration::from_millis(300), sending).await.ok().map(Result::unwrap)
    }

    /// Ends what is sent on this side.
    pub(super) async fn shut(&mut self) {
        soon(self.stream.shutdown()).await.unwrap();
    }

    /// Breaks the connection off.
    pub(super) fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Everything up to and with `end`.
    pub(super) async fn read_until(&mut self, end: &str) -> String {
        let end = end.as_bytes();
        let found = soon(async {
            loop {
                if let Some(at) = self.ahead.windows(end.len()).position(|part| part == end) {
                    return Some(at + end.len());
                }
                let read = self.stream.read_buf(&mut self.ahead).await;
                if !matches!(read, Ok(1..)) {
                    return None;
                }
            }
        })
        .await;
        let Some(len) = found else {
            panic!("it ended after {:?}", String::from_utf8_lossy(&self.ahead));
        };
        String::from_utf8(self.ahead.drain(..len).collect()).unwrap()
    }

    /// A head, its empty line included.
    pub(super) async fn head(&mut self) -> String {
        self.read_until("\r\n\r\n").await
    }

    /// A head, or nothing where the connection ends before there is one.
    pub(super) async fn try_head(&mut self) -> Option<String> {
        while !self.ahead.ends_with(b"\r\n\r\n") {
            if !matches!(soon(self.stream.read_buf(&mut self.ahead)).await, Ok(1..)) {
                return None;
            }
        }
        Some(String::from_utf8(std::mem::take(&mut self.ahead)).unwrap())
    }

    /// That many bytes.
    pub(super) async fn exactly(&mut self, count: usize) -> Vec<u8> {
        soon(async {
            while self.ahead.len() < count {
                assert!(self.stream.read_buf(&mut self.ahead).await.unwrap() > 0, "it ended early");
            }
        })
        .await;
        self.ahead.drain(..count).collect()
    }

    /// That many bytes as text.
    pub(super) async fn text(&mut self, count: usize) -> String {
        String::from_utf8(self.exactly(count).await).unwrap()
    }

    /// The rest, and whether it ended in order rather than by a reset.
    pub(super) async fn rest(&mut self) -> (Vec<u8>, bool) {
        let ended = soon(async {
            loop {
                match self.stream.read_buf(&mut self.ahead).await {
                    Ok(0) => return true,
                    Ok(_) => {}
                    Err(_) => return false,
                }
            }
        })
        .await;
        (std::mem::take(&mut self.ahead), ended)
    }

    /// The rest as text, the connection having ended one way or the other.
    pub(super) async fn remains(&mut self) -> String {
        String::from_utf8(self.rest().await.0).unwrap()
    }

    /// A head and a body of the length that it says.
    pub(super) async fn message(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = value(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let body = self.text(length).await;
        (head, body)
    }

    /// An empty answer.
    pub(super) async fn answer_ok(&mut self) {
        self.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    }

    /// The body of the next message, whose head says that it is in chunks, with its trailers.
    pub(super) async fn chunked(&mut self) -> (Vec<u8>, String) {
        let mut body = Vec::new();
        loop {
            let size = self.read_until("\r\n").await;
            let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
            if size == 0 {
                break;
            }
            body.extend(self.exactly(size).await);
            assert_eq!(self.text(2).await, "\r\n");
        }
        let mut trailers = String::new();
        loop {
            let line = self.read_until("\r\n").await;
            if line == "\r\n" {
                return (body, trailers);
            }
            trailers += &line;
        }
    }
}

/// The value of the first field of that name in a head.
pub(super) fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    values(head, name).next()
}

/// The values of all fields of that name in a head.
pub(super) fn values<'a>(head: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let name = name.to_ascii_lowercase();
    head.lines().skip(1).filter_map(move |line| {
        let (held, value) = line.split_once(':')?;
        (held.to_ascii_lowercase() == name).then(|| value.trim())
    })
}

/// Where backends' connections come in.
pub(super) struct Backend(TcpListener);

impl Backend {
    pub(super) async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> Peer {
        Peer::new(soon(self.0.accept()).await.unwrap().0)
    }

    /// True where no connection waits to be accepted.
    pub(super) async fn is_left_alone(&self) -> bool {
        let mut accepting = std::pin::pin!(self.0.accept());
        // The listener's readiness is known after the runtime has had its turn.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        std::future::poll_fn(|cx| std::task::Poll::Ready(accepting.as_mut().poll(cx).is_pending())).await
    }

    /// The next connection, and the head of the request that came on it.
    pub(super) async fn request(&self) -> (Peer, String) {
        let mut peer = self.accept().await;
        let head = peer.head().await;
        (peer, head)
    }
}

/// What became of a request.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) status: u16,
    pub(super) reason: Option<Reason>,
    pub(super) attempts: u32,
}

/// Tells the test of each request that has ended.
pub(super) struct Telling(mpsc::UnboundedSender<Ended>);

impl Observer for Telling {
    fn completed(&self, request: &Completed<'_>) {
        let trace = request.trace;
        let ended = Ended { status: trace.status, reason: trace.reason, attempts: trace.attempt_count };
        let _ = self.0.send(ended);
    }
}

/// A proxy that runs on the test's own runtime.
pub(super) struct Running {
    pub(super) port: u16,
    pub(super) handle: Handle,
    ended: mpsc::UnboundedReceiver<Ended>,
    stop: Option<oneshot::Sender<()>>,
    run: JoinHandle<()>,
}

impl Running {
    pub(super) async fn start(builder: Builder) -> Self {
        let (told, ended) = mpsc::unbounded_channel();
        let proxy = builder.observer(Telling(told)).workers(1).build().unwrap();
        Self { ended, ..Self::again(&Arc::new(proxy)).await }
    }

    /// One more run of a proxy, whose requests are not observed.
    pub(super) async fn again(proxy: &Arc<Proxy>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        let handle = proxy.handle();
        let proxy = Arc::clone(proxy);
        let run = tokio::spawn(async move {
            proxy.run(listener, async { stopped.await.unwrap_or(()) }).await;
        });
        Self { port, handle, ended: mpsc::unbounded_channel().1, stop: Some(stop), run }
    }

    pub(super) async fn client(&self) -> Peer {
        Peer::connect(self.port).await
    }

    /// What became of the next request that ends.
    pub(super) async fn ended(&mut self) -> Ended {
        soon(self.ended.recv()).await.unwrap()
    }

    /// Tells the proxy to end.
    pub(super) fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits until it accepts nothing any more.
    pub(super) async fn refuses(&self) {
        soon(async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Waits for its end.
    pub(super) async fn end(self) {
        soon(self.run).await.unwrap();
    }

    /// Waits until it has so many connections of clients.
    pub(super) async fn connections(&self, count: usize) {
        soon(async {
            while self.handle.connections() != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
}

/// An upstream of these backends.
pub(super) fn upstream(backends: &[&Backend]) -> UpstreamSpec {
    backends.iter().enumerate().fold(UpstreamSpec::new("app"), |upstream, (place, backend)| {
        upstream.backend(BackendSpec::new(format!("b{place}"), "127.0.0.1", backend.port()))
    })
}

/// A proxy that sends everything to these backends.
pub(super) fn to(backends: &[&Backend]) -> Builder {
    Proxy::builder().upstream(upstream(backends)).route(RouteSpec::to("all", "app"))
}

/// The same with other settings.
pub(super) fn with(settings: impl FnOnce(&mut Settings), backends: &[&Backend]) -> Builder {
    let mut all = Settings::default();
    settings(&mut all);
    to(backends).settings(all)
}

/// A running proxy in front of one backend.
pub(super) async fn one() -> (Running, Backend) {
    let backend = Backend::new().await;
    let running = Running::start(to(&[&backend])).await;
    (running, backend)
}

/// A connection through the proxy on which one exchange has passed, so that client and backend are connected.
pub(super) async fn warm(running: &mut Running, backend: &Backend) -> (Peer, Peer) {
    let mut client = running.client().await;
    client.send("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    assert_eq!(running.ended().await.status, 200);
    (client, peer)
}

/// An address that refuses connections, and that nobody else can get meanwhile.
pub(super) struct Refusing(socket2::Socket);

impl Refusing {
    pub(super) fn new() -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        Self(socket)
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().as_socket().unwrap().port()
    }

    /// From now on it accepts them.
    pub(super) fn accepts(self) -> Backend {
        self.0.listen(16).unwrap();
        self.0.set_nonblocking(true).unwrap();
        Backend(TcpListener::from_std(self.0.into()).unwrap())
    }
}
