//! Opens a WebSocket through the proxy by an upgrade of HTTP/1.1, and two on one connection of HTTP/2.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use futures_util::{SinkExt, StreamExt};
use proxyd_examples::trial::Running;
use proxyd_examples::websocket::{self, over_http2};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let backend = websocket::backend("echo-1").await?;
    let running = Running::start(websocket::proxy(backend)?).await?;

    talk("by an upgrade of HTTP/1.1", websocket::over_http1(running.address).await?).await?;
    let client = over_http2::Client::connect(running.address).await?;
    talk("on a stream of HTTP/2", client.open().await?).await?;
    talk("on another stream of it", client.open().await?).await?;

    drop(client);
    running.stop().await?;
    Ok(())
}

/// Sends a message, reads what comes back, and closes the WebSocket.
async fn talk<S>(how: &str, mut socket: WebSocketStream<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.send("hello".into()).await?;
    if let Some(message) = socket.next().await {
        println!("{how}: {}", message?.into_text()?);
    }
    socket.close(None).await?;
    while let Some(message) = socket.next().await {
        println!("{how}, at the end: {:?}", message?);
    }
    Ok(())
}
