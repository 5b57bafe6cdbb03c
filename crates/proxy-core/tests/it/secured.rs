//! What is told of requests that came over a secure channel.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proxy_core::events::{Event, Kind};
use proxy_core::spec::{Action, Blueprint, ListenerSpec, RouteSpec};
use proxy_core::{Proxy, Secured, Stream, Terminate, Terminating, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::rig::*;

/// Says that it is secure.
struct Pretending(Stream);

struct Agreed;

impl Secured for Agreed {
    fn server_name(&self) -> Option<&str> {
        Some("a.example")
    }

    fn version(&self) -> Option<&'static str> {
        Some("TLSv1.3")
    }
}

impl Transport for Pretending {
    fn secured(&self) -> Option<Arc<dyn Secured>> {
        Some(Arc::new(Agreed))
    }
}

impl AsyncRead for Pretending {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pretending {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Terminate for Agreed {
    fn terminate(&self, stream: Stream) -> Terminating {
        Box::pin(std::future::ready(Ok(Stream::new(Pretending(stream)))))
    }
}

#[tokio::test]
async fn a_request_tells_what_was_agreed_with_its_client() {
    for (is_secure, version, name) in [(true, Some("TLSv1.3"), Some("a.example")), (false, None, None)] {
        let mut listener = ListenerSpec::default();
        listener.secure = is_secure.then(|| Arc::new(Agreed) as _);
        let action = Action::Respond { status: 200, content_type: String::new(), body: String::new() };
        let mut blueprint = Blueprint::default();
        blueprint.listeners.push(Arc::new(listener));
        blueprint.routes.push(Arc::new(RouteSpec::new("all", action)));
        let running = Running::start(Proxy::builder().blueprint(blueprint)).await;
        let mut told = running.handle.events().subscribe(Kind::RequestCompleted.into(), 8).unwrap();
        let mut client = running.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").await;
        let Event::RequestCompleted(request) = soon(told.recv()).await else {
            panic!("nothing else is told")
        };
        assert_eq!(request.status, 200);
        assert_eq!((request.tls_version.as_deref(), request.server_name.as_deref()), (version, name));
    }
}
