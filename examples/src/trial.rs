//! What the examples are tried with: backends, a running proxy and a client, all on free ports of loopback.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::Request;
use axum::serve::ListenerExt;
use proxy_core::Proxy;
use proxy_core::spec::BackendSpec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A listener at a free port of loopback.
///
/// # Errors
/// What the system says.
pub async fn listener() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

/// Starts a backend that answers with `router`.
///
/// # Errors
/// What the system says.
///
/// # Tasks
/// As [`serve`].
pub async fn backend(id: &str, router: Router) -> io::Result<BackendSpec> {
    Ok(backend_at(id, serve(router).await?))
}

/// Serves `router`, over HTTP/1.1 or HTTP/2 as it is spoken to, and says where.
///
/// # Errors
/// What the system says.
///
/// # Tasks
/// One, and one for each connection. They end with the runtime.
pub async fn serve(router: Router) -> io::Result<SocketAddr> {
    let listener = listener().await?;
    let address = listener.local_addr()?;
    // Small frames of HTTP/2 say that more may be sent: what they wait for, everything waits for.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// The backend at an address.
pub fn backend_at(id: &str, address: SocketAddr) -> BackendSpec {
    BackendSpec::new(id, address.ip().to_string(), address.port())
}

/// Answers every request with the name, the path and the fields of the request, a line each.
pub fn telling(name: &'static str) -> Router {
    Router::new().fallback(async move |request: Request| {
        let mut told = format!("{name} was asked for {}\n", request.uri().path());
        for (field, value) in request.headers() {
            told.push_str(&format!("{field}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        }
        told
    })
}

/// A proxy that runs.
pub struct Running {
    /// Where clients connect.
    pub address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Runs a proxy on the caller's runtime.
    ///
    /// # Errors
    /// What the system says.
    pub async fn start(proxy: Proxy) -> io::Result<Self> {
        let listener = listener().await?;
        let address = listener.local_addr()?;
        let (shutdown, asked) = oneshot::channel();
        let task = tokio::spawn(async move {
            // A dropped sender asks for the end, too.
            proxy.run(listener, async { asked.await.unwrap_or_default() }).await;
        });
        Ok(Self { address, shutdown, task })
    }

    /// Lets requests in flight end, and ends the proxy.
    ///
    /// # Errors
    /// The proxy panicked.
    pub async fn stop(self) -> io::Result<()> {
        // It fails only where the proxy has ended already.
        let _ = self.shutdown.send(());
        self.task.await.map_err(io::Error::other)
    }
}

/// A client with one connection, which it keeps for all its requests.
pub struct Client {
    stream: TcpStream,
    host: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The lines of its head.
    pub head: String,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// The value of the first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// What the system says.
    pub async fn connect(to: SocketAddr) -> io::Result<Self> {
        Self::connect_from(Ipv4Addr::LOCALHOST.into(), to).await
    }

    /// Connects from an address of its own: all of 127.0.0.0/8 is this machine.
    ///
    /// # Errors
    /// What the system says.
    pub async fn connect_from(from: IpAddr, to: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0))?;
        Ok(Self { stream: socket.connect(to).await?, host: to.to_string() })
    }

    /// Asks for a path, with further field lines, each `name: value`.
    ///
    /// # Errors
    /// The connection ended, or what came is no answer with a length.
    pub async fn get(&mut self, path: &str, fields: &[&str]) -> io::Result<Answer> {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", self.host);
        self.send(request.as_bytes()).await
    }

    /// Posts a body.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&mut self, path: &str, body: &[u8]) -> io::Result<Answer> {
        let (host, len) = (&self.host, body.len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len}\r\n\r\n");
        self.send(&[head.as_bytes(), body].concat()).await
    }

    /// Sends bytes, and reads one answer.
    async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.read_more(&mut bytes).await?;
        };
        let body = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes).map_err(io::Error::other)?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or(io::ErrorKind::InvalidData)?;
        let mut answer = Answer { status, head, body: String::new() };
        answer.body = self.read_body(body, &answer).await?;
        Ok(answer)
    }

    async fn read_body(&mut self, mut body: Vec<u8>, answer: &Answer) -> io::Result<String> {
        let length = answer.field("content-length").and_then(|length| length.parse::<usize>().ok());
        let length = length.ok_or(io::ErrorKind::InvalidData)?;
        while body.len() < length {
            self.read_more(&mut body).await?;
        }
        String::from_utf8(body).map_err(io::Error::other)
    }

    async fn read_more(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        match self.stream.read_buf(bytes).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
