//! WebSocket with a real client and a real backend, over HTTP/1.1 and HTTP/2 on either side.

mod backend;

mod closing;
mod messages;

use std::net::SocketAddr;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use proxy_core::Proxy;
use proxy_core::spec::{Protocol, RouteSpec, UpstreamSpec};
use proxyd_examples::trial::backend_at;
use proxyd_examples::websocket::{over_http1, over_http2, proxy};
use tokio_tungstenite::tungstenite::{Error, Message};

use self::backend::{Backend, Event};
use super::front::{binary, through_both};

/// A WebSocket over whatever there is.
trait Socket: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin + Send {}

impl<S> Socket for S where
    S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin + Send
{
}

/// Does the same with a client of HTTP/1.1 and one of HTTP/2, to a backend of HTTP/1.1 and one of HTTP/2, through the
/// example's proxy and through the binary.
async fn on_every_way(check: impl AsyncFn(&mut dyn Socket, &Backend)) {
    for (protocol, name) in [(Protocol::Http1, "http1"), (Protocol::Http2, "http2")] {
        let backend = Backend::start(protocol).await;
        let address = backend.address;
        through_both(proxy_to(address, protocol), binary(address, "/*", name), async |proxy| {
            let mut socket = over_http1(proxy).await.unwrap();
            check(&mut socket, &backend).await;
            drop(socket);
            // However it was, the backend learns of the end.
            assert_eq!(backend.event().await, Event::Ended);

            let client = over_http2::Client::connect(proxy).await.unwrap();
            for _ in 0..2 {
                let mut socket = client.open().await.unwrap();
                check(&mut socket, &backend).await;
                drop(socket);
                assert_eq!(backend.event().await, Event::Ended);
            }
        })
        .await;
    }
}

/// The example's proxy, to a backend that speaks what it does not expect.
fn proxy_to(backend: SocketAddr, protocol: Protocol) -> Proxy {
    let backend = backend_at("echo-1", backend);
    if protocol == Protocol::Http1 {
        return proxy(backend).unwrap();
    }
    let mut upstream = UpstreamSpec::new("echo").backend(backend);
    upstream.protocol = protocol;
    Proxy::builder().upstream(upstream).route(RouteSpec::to("everything", "echo")).build().unwrap()
}

/// The message that comes next.
async fn next(socket: &mut dyn Socket) -> Message {
    socket.next().await.expect("it is open").expect("it is in order")
}

/// The answer to a message.
async fn ask(socket: &mut dyn Socket, message: impl Into<Message>) -> Message {
    socket.send(message.into()).await.unwrap();
    next(socket).await
}
