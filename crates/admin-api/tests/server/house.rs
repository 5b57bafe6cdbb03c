//! A server, its handlers, and clients that send bytes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use admin_api::{AdminAddress, AdminServer, AdminSettings, Audited, Caller, RequestId, with_fallbacks};
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Far longer than anything takes.
pub(super) const AMPLE: Duration = Duration::from_secs(20);

pub(super) fn settings() -> AdminSettings {
    AdminSettings::new(AdminAddress::Tcp("127.0.0.1:0".parse().unwrap()))
}

/// Handlers of every kind.
pub(super) fn router() -> Router {
    with_fallbacks(Router::new().route("/who", get(who)).route("/echo", post(echo).put(echo).patch(echo)))
        .route("/change", post(change).delete(change))
        .route("/panic", get(panics))
        .route("/long", get(|| async { "x".repeat(32 * 1024 * 1024) }))
        .route("/events", get(events))
        .route("/cors", get(|| async { ([("access-control-allow-origin", "*"), ("server", "x")], "") }))
        .route("/teapot", get(|| async { http::StatusCode::IM_A_TEAPOT }))
}

async fn who(Extension(caller): Extension<Caller>, Extension(id): Extension<RequestId>) -> Response {
    ([("x-seen-id", id.to_string())], format!("{} {:?}", caller.name, caller.role)).into_response()
}

async fn echo(body: Bytes) -> Response {
    body.into_response()
}

async fn change() -> Response {
    let mut response = "changed".into_response();
    response.extensions_mut().insert(Audited::new(42, "one route more"));
    response
}

async fn panics() -> Response {
    panic!("as the test wants it")
}

async fn events() -> Response {
    let first = futures_util::stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"data: 1\n\n")) });
    let rest = futures_util::stream::pending();
    let stream = futures_util::StreamExt::chain(first, rest);
    ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response()
}

/// A handler that says when it has begun, and waits until it may end.
pub(super) fn gated(begun: &std::sync::Arc<Notify>, may_end: &std::sync::Arc<Notify>) -> Router {
    let (begun, may_end) = (begun.clone(), may_end.clone());
    let wait = move || async move {
        begun.notify_one();
        may_end.notified().await;
        "done"
    };
    router().route("/gated", get(wait.clone()).post(wait))
}

pub(super) struct House {
    pub(super) address: AdminAddress,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl House {
    pub(super) fn open(settings: AdminSettings) -> Self {
        Self::with(settings, router())
    }

    pub(super) fn with(settings: AdminSettings, router: Router) -> Self {
        let server = AdminServer::bind(settings).unwrap();
        let address = server.local_address();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(router, async {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    pub(super) fn tcp(&self) -> SocketAddr {
        let AdminAddress::Tcp(address) = self.address else { panic!("it is a Unix socket") };
        address
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.tcp()).await.unwrap()
    }

    /// The answer to a request that ends its connection.
    pub(super) async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        ask(self.connect().await, request).await
    }

    pub(super) fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    pub(super) async fn abort(self) {
        self.task.abort();
        assert!(in_time(self.task).await.unwrap_err().is_cancelled());
    }

    pub(super) async fn ended(self) {
        in_time(self.task).await.unwrap().unwrap();
    }
}

pub(super) async fn in_time<F: Future>(future: F) -> F::Output {
    timeout(AMPLE, future).await.expect("it takes too long")
}

pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    request: impl AsRef<[u8]>,
) -> Answer {
    // The server may have enough before it has everything.
    let _ = stream.write_all(request.as_ref()).await;
    let bytes = rest(&mut stream).await;
    Answer::parse(&bytes).unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)))
}

/// All that still comes; a reset is an end.
pub(super) async fn rest<S: AsyncRead + Unpin>(stream: &mut S) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = in_time(stream.read_to_end(&mut bytes)).await;
    bytes
}

/// Reads until `end` has come.
pub(super) async fn until<S: AsyncRead + Unpin>(stream: &mut S, end: &str) -> String {
    let mut bytes = Vec::new();
    in_time(async {
        while !String::from_utf8_lossy(&bytes).contains(end) {
            let byte = stream
                .read_u8()
                .await
                .unwrap_or_else(|error| panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)));
            bytes.push(byte);
        }
    })
    .await;
    String::from_utf8(bytes).unwrap()
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: HashMap<String, String>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let fields = lines.filter_map(|line| line.split_once(": "));
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Self { status, fields, body: body.to_owned() })
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// `413 body_too_large`, or the status alone where it is no error.
    #[track_caller]
    pub(super) fn verdict(&self) -> String {
        if self.status < 400 {
            return self.status.to_string();
        }
        assert_eq!(self.field("content-type"), "application/problem+json", "{self:?}");
        self.check_dress();
        let (_, code) = self.body.split_once("\"code\":\"").unwrap_or_else(|| panic!("{self:?}"));
        format!("{} {}", self.status, code.split('"').next().unwrap())
    }

    /// Every answer has these.
    #[track_caller]
    pub(super) fn check_dress(&self) {
        assert_eq!(self.field("x-request-id").len(), 36, "{self:?}");
        assert_eq!(self.field("cache-control"), "no-store", "{self:?}");
        assert_eq!(self.field("x-content-type-options"), "nosniff", "{self:?}");
        let none = |name: &String| name == "server" || name.starts_with("access-control");
        assert!(!self.fields.keys().any(none), "{self:?}");
    }
}

/// A request that ends its connection: a line, and further lines.
pub(super) fn request(line: &str, fields: &str, body: &str) -> String {
    let host = if fields.to_ascii_lowercase().contains("host:") { "" } else { "Host: localhost\r\n" };
    let fields: String = fields.lines().map(|line| format!("{}\r\n", line.trim())).collect();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{line} HTTP/1.1\r\n{host}Connection: close\r\n{fields}{length}\r\n{body}")
}
