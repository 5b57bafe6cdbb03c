//! A backend that gives messages back, does what some of them ask for, and tells of the rest.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use h2::ext::Protocol as Connected;
use http::{Request, Response, StatusCode};
use proxy_core::spec::Protocol;
use proxyd_examples::trial::listener;
use proxyd_examples::websocket::tunnel::Tunnel;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::{WebSocketStream, accept_async};

/// Has the backend ask for a sign of life, with the text itself.
pub(super) const PING_ME: &str = "ping me";
/// Has the backend begin to close.
pub(super) const CLOSE_ME: &str = "close me";
/// Has the backend drop the connection.
pub(super) const DROP_ME: &str = "drop me";

/// What the backend closes with.
pub(super) fn farewell() -> CloseFrame {
    CloseFrame { code: 4001.into(), reason: "that is all, ¡adiós!".into() }
}

/// What happens at the backend.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// A ping, a pong or the end came.
    Came(Message),
    /// There is no more to read.
    Ended,
}

/// The backend.
pub(super) struct Backend {
    pub(super) address: SocketAddr,
    events: Mutex<UnboundedReceiver<Event>>,
}

impl Backend {
    /// One that speaks this protocol alone.
    pub(super) async fn start(protocol: Protocol) -> Self {
        let listener = listener().await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, events) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                match protocol {
                    Protocol::Http2 => tokio::spawn(serve_streams(stream, sender.clone())),
                    _ => tokio::spawn(serve_upgrade(stream, sender.clone())),
                };
            }
        });
        Self { address, events: Mutex::new(events) }
    }

    /// Waits for what happens next.
    pub(super) async fn event(&self) -> Event {
        self.events.lock().await.recv().await.unwrap()
    }
}

async fn serve_upgrade(stream: TcpStream, events: UnboundedSender<Event>) {
    if let Ok(socket) = accept_async(stream).await {
        serve(socket, events).await;
    }
}

/// RFC 8441: each stream is a WebSocket of its own.
async fn serve_streams(stream: TcpStream, events: UnboundedSender<Event>) {
    let handshake = h2::server::Builder::new().enable_connect_protocol().handshake::<_, Bytes>(stream);
    let mut connection = handshake.await.unwrap();
    while let Some(Ok((request, mut answer))) = connection.accept().await {
        let status = if is_websocket(&request) { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let mut head = Response::new(());
        *head.status_mut() = status;
        let sending = answer.send_response(head, status != StatusCode::OK).unwrap();
        if status == StatusCode::OK {
            let tunnel = Tunnel::new(sending, request.into_body());
            let socket = WebSocketStream::from_raw_socket(tunnel, Role::Server, None).await;
            tokio::spawn(serve(socket, events.clone()));
        }
    }
}

fn is_websocket<B>(request: &Request<B>) -> bool {
    request.extensions().get::<Connected>().is_some_and(|protocol| protocol.as_str() == "websocket")
        && request.headers().get("sec-websocket-version").is_some_and(|version| version == "13")
}

async fn serve<S>(mut socket: WebSocketStream<S>, events: UnboundedSender<Event>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = socket.next().await {
        let answer = match &message {
            Message::Text(text) if text.as_str() == PING_ME => Message::Ping(PING_ME.into()),
            Message::Text(text) if text.as_str() == CLOSE_ME => Message::Close(Some(farewell())),
            Message::Text(text) if text.as_str() == DROP_ME => break,
            Message::Text(_) | Message::Binary(_) => message,
            _ => {
                // A test that is over listens no more.
                let _ = events.send(Event::Came(message));
                continue;
            }
        };
        if socket.send(answer).await.is_err() {
            break;
        }
    }
    drop(socket);
    let _ = events.send(Event::Ended);
}
