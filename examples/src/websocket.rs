//! WebSocket through the proxy: clients of HTTP/1.1 ask for an upgrade, clients of HTTP/2 open it on a stream of a
//! connection that they have ([`over_http2`], RFC 8441). The backend speaks HTTP/1.1 and sees no difference.

pub mod over_http2;
pub mod tunnel;

use std::io;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
use proxy_core::{BuildError, Proxy};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

use crate::trial;

/// A proxy for WebSockets. There is nothing to set: a request for WebSocket becomes a tunnel once the backend agrees,
/// and the tunnel ends when nothing came for an hour, or as the settings say.
///
/// # Errors
/// Never, as long as route and upstream fit together.
pub fn proxy(backend: BackendSpec) -> Result<Proxy, BuildError> {
    Proxy::builder()
        .upstream(UpstreamSpec::new("echo").backend(backend))
        .route(RouteSpec::to("everything", "echo"))
        .build()
}

/// Starts a backend that gives each message back.
///
/// # Errors
/// What the system says.
///
/// # Tasks
/// One, and one for each connection. They end with the runtime.
pub async fn backend(id: &str) -> io::Result<BackendSpec> {
    let listener = trial::listener().await?;
    let backend = trial::backend_at(id, listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(echo(stream));
        }
    });
    Ok(backend)
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        // The rest, pings and the end, tungstenite answers itself.
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// Opens a WebSocket by an upgrade of HTTP/1.1: RFC 6455 section 4.1.
///
/// # Errors
/// There is no connection, or no agreement on it.
pub async fn over_http1(proxy: SocketAddr) -> Result<WebSocketStream<TcpStream>, Error> {
    let stream = TcpStream::connect(proxy).await?;
    stream.set_nodelay(true)?;
    let (socket, _answer) = client_async(format!("ws://{proxy}/echo"), stream).await?;
    Ok(socket)
}
