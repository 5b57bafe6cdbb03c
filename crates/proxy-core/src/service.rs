//! The pipeline as a [`tower_service::Service`]: for those who embed it behind a listener of their own.
//!
//! The exchange is one future. `call` polls it until the head of the answer is there; then the response's body
//! polls it on, so that nothing is spawned and dropping the body cancels what is left.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame};
use tower_service::Service;

use crate::client::Facts;
use crate::exchange::{Context, Next, exchange};
use crate::incoming::Leased;
use crate::worker::Worker;

mod head;
mod side;

use side::{ServiceClient, Shelf};

/// The pipeline as a service: a request goes in as `http` has it, and the answer of a backend, or the proxy's
/// own, comes out. It never fails.
///
/// The client's address is taken from a [`SocketAddr`] among the request's extensions; without one it is the
/// loopback address. Protocols are not switched, and interim answers are not passed on: the types of `http` have
/// no place for them.
///
/// # Tasks
/// A service's first call spawns one task that keeps its time; it ends with the last clone of the service.
///
/// # Cancel safety
/// Dropping the future or the response's body breaks the exchange off, and the backend notices.
#[derive(Clone)]
pub struct ProxyService {
    worker: Arc<Worker>,
    ticking: Arc<Ticking>,
}

impl ProxyService {
    pub(crate) fn new(worker: Arc<Worker>) -> Self {
        Self { worker, ticking: Arc::default() }
    }
}

/// The task that keeps the service's time.
#[derive(Default)]
struct Ticking(Mutex<Option<tokio::task::JoinHandle<()>>>);

impl Ticking {
    /// Starts it on the caller's runtime, unless it runs.
    fn ensure(&self, worker: &Arc<Worker>) {
        let mut task = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
            // Time may have stood still since the last call.
            worker.deadlines.sweep();
            let worker = Arc::clone(worker);
            *task = Some(tokio::spawn(async move { worker.tick().await }));
        }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        if let Some(task) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl<B> Service<http::Request<B>> for ProxyService
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    type Response = http::Response<ProxyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Poller<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        self.ticking.ensure(&self.worker);
        self.worker.shared.ensure_tended();
        let mut body = ProxyBody::begin(Arc::clone(&self.worker), Arc::clone(&self.ticking), request);
        Box::pin(async move {
            let head = std::future::poll_fn(|cx| body.poll_head(cx)).await;
            let mut response = http::Response::new(body);
            *response.status_mut() = head.status;
            *response.headers_mut() = head.fields;
            Ok(response)
        })
    }
}

/// The head of an answer.
struct Head {
    status: http::StatusCode,
    fields: HeaderMap,
}

/// The body of an answer. It drives the exchange that it belongs to.
pub struct ProxyBody {
    exchange: Option<Pin<Box<dyn Future<Output = Next> + Send>>>,
    shelf: Arc<Mutex<Shelf>>,
    _ticking: Arc<Ticking>,
}

/// The exchange broke off before the answer was whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer broke off before it was whole")]
pub struct BrokenOff;

impl ProxyBody {
    fn begin<B>(worker: Arc<Worker>, ticking: Arc<Ticking>, request: http::Request<B>) -> Self
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let client = ServiceClient::new(Arc::clone(&shelf));
        let exchange = Box::pin(serve(worker, client, request));
        Self { exchange: Some(exchange), shelf, _ticking: ticking }
    }

    /// Lets the exchange go on. Ready once it is over.
    fn poll_exchange(&mut self, cx: &mut Poller<'_>) -> Poll<()> {
        let Some(exchange) = &mut self.exchange else { return Poll::Ready(()) };
        let Poll::Ready(next) = exchange.as_mut().poll(cx) else { return Poll::Pending };
        self.exchange = None;
        if next == Next::Abort {
            self.shelf.lock().unwrap_or_else(PoisonError::into_inner).is_broken = true;
        }
        Poll::Ready(())
    }

    fn poll_head(&mut self, cx: &mut Poller<'_>) -> Poll<Head> {
        let is_over = self.poll_exchange(cx).is_ready();
        let head = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).head.take();
        match head {
            Some(head) => Poll::Ready(head),
            // Broken off before there was an answer: only the client's own body can have failed.
            None if is_over => {
                Poll::Ready(Head { status: http::StatusCode::BAD_REQUEST, fields: HeaderMap::new() })
            }
            None => Poll::Pending,
        }
    }
}

impl Body for ProxyBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            let taken = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(frame) = taken {
                // A caller that knows the length asks for nothing behind it: the exchange must not wait for that.
                let _ = self.poll_exchange(cx);
                return Poll::Ready(Some(Ok(frame)));
            }
            if self.exchange.is_none() {
                let is_broken = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).is_broken;
                return Poll::Ready(is_broken.then_some(Err(BrokenOff)));
            }
            let is_over = self.poll_exchange(cx).is_ready();
            let has_some = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).has_some();
            if !is_over && !has_some {
                return Poll::Pending;
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        self.exchange.is_none() && !shelf.has_some() && !shelf.is_broken
    }
}

/// The whole exchange.
async fn serve<B>(worker: Arc<Worker>, client: ServiceClient, request: http::Request<B>) -> Next
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    let (parts, body) = request.into_parts();
    let address = parts.extensions.get::<SocketAddr>().copied();
    let facts = Facts {
        peer: address.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip().to_canonical()),
        local_port: parts.uri.port_u16().unwrap_or(0),
        is_secure: parts.uri.scheme_str() == Some("https"),
        is_http2: parts.version == http::Version::HTTP_2,
        secured: None,
        peer_port: address.map_or(0, |address| address.port()),
        local: None,
    };
    let slot = worker.deadlines.slot();
    let pinned = worker.snapshot();
    let mut client = client.with_body(body);
    let mut incoming = Leased::new();
    let context = Context::new(&worker, &facts, &slot, &pinned);
    let written = head::write(&parts, &client, &mut incoming);
    let mut serving = std::pin::pin!(async {
        match written {
            Ok(()) => exchange(&mut client, &mut incoming, &context).await,
            Err(rule) => {
                let reason = crate::reason::Reason::BadRequest(rule);
                crate::exchange::reject(&mut client, &mut incoming, reason, &context).await
            }
        }
    });
    std::future::poll_fn(|cx| {
        slot.register(cx.waker());
        serving.as_mut().poll(cx)
    })
    .await
}

/// A field as `http` has it; left out where it is none.
fn append(fields: &mut HeaderMap, name: &[u8], value: &[u8]) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
        fields.append(name, value);
    }
}

#[cfg(test)]
mod tests;
