//! A WebSocket on a stream of HTTP/2: RFC 8441.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use h2::Ping;
use h2::client::{Builder, SendRequest};
use h2::ext::Protocol;
use http::{Method, Request, StatusCode};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::tunnel::Tunnel;

/// A client with one connection, which all its WebSockets share.
#[derive(Clone)]
pub struct Client {
    requests: SendRequest<Bytes>,
    proxy: SocketAddr,
}

impl Client {
    /// Connects, and waits until the proxy has said that it takes WebSockets on streams: RFC 8441 section 3.
    ///
    /// # Errors
    /// There is no connection, or it takes none.
    ///
    /// # Tasks
    /// One, which ends with the connection.
    pub async fn connect(proxy: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(proxy).await?;
        // Small frames say that more may be sent: what they wait for, everything waits for.
        stream.set_nodelay(true)?;
        let (requests, mut connection) = Builder::new().handshake(stream).await.map_err(io::Error::other)?;
        let pings = connection.ping_pong();
        tokio::spawn(connection);
        if let Some(mut pings) = pings {
            // The settings come first on a connection, so they are there when a ping is answered.
            pings.ping(Ping::opaque()).await.map_err(io::Error::other)?;
        }
        if !requests.is_extended_connect_protocol_enabled() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self { requests, proxy })
    }

    /// Opens a WebSocket by CONNECT with a protocol: RFC 8441 section 5. There are no keys to exchange; the status
    /// says whether the backend agrees.
    ///
    /// # Errors
    /// The connection ended, or the answer was not 200.
    pub async fn open(&self) -> io::Result<WebSocketStream<Tunnel>> {
        let mut request = Request::new(());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = format!("http://{}/echo", self.proxy).parse().map_err(io::Error::other)?;
        request.headers_mut().insert("sec-websocket-version", http::HeaderValue::from_static("13"));
        request.extensions_mut().insert(Protocol::from_static("websocket"));

        let mut requests = self.requests.clone().ready().await.map_err(io::Error::other)?;
        let (answer, sending) = requests.send_request(request, false).map_err(io::Error::other)?;
        let answer = answer.await.map_err(io::Error::other)?;
        if answer.status() != StatusCode::OK {
            return Err(io::Error::other(format!("answered with {}", answer.status())));
        }
        let tunnel = Tunnel::new(sending, answer.into_body());
        Ok(WebSocketStream::from_raw_socket(tunnel, Role::Client, None).await)
    }
}
