//! Clients: each asks once, and looks at what it gets.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use proxy_core::{ProxyBody, ProxyService};
use tower_service::Service;

use super::backend::{FIELD, answer, question};
use super::ledger::Id;
use super::watch::{Watch, Watched};

/// What one client does.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) id: Id,
    /// When it asks.
    pub(super) at: Duration,
    pub(super) method: Method,
    /// Whether it has a body.
    pub(super) has_body: bool,
    /// Whether the length of its body is not known before.
    pub(super) is_chunked: bool,
    /// The key by which hashing strategies know it.
    pub(super) key: u64,
    /// After so long it goes away.
    pub(super) gives_up: Option<Duration>,
}

/// The body of a request: one piece.
pub(super) struct Piece {
    data: Option<Bytes>,
    is_chunked: bool,
}

impl Body for Piece {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.data.as_ref().map_or(0, Bytes::len) as u64;
        if self.is_chunked { SizeHint::default() } else { SizeHint::with_exact(left) }
    }
}

impl Plan {
    /// A client that asks at that time, and waits for as long as it takes.
    pub(super) fn get(id: Id, at: Duration) -> Self {
        Self { id, at, method: Method::GET, has_body: false, is_chunked: false, key: id, gives_up: None }
    }

    fn request(&self) -> Request<Piece> {
        let data = self.has_body.then(|| Bytes::from(question(self.id)));
        let request = Request::builder().method(self.method.clone()).uri("http://sim/");
        let request = request.header(FIELD, self.id).header("x-key", self.key);
        request.body(Piece { data, is_chunked: self.is_chunked }).unwrap()
    }
}

/// What a client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) status: u16,
    /// Where the proxy answered itself, why.
    pub(super) reason: Option<String>,
    pub(super) retry_after: Option<String>,
    /// How long it took.
    pub(super) took: Duration,
}

/// Asks, and checks what comes back. `None` where the client went away.
pub(super) async fn ask(service: ProxyService, plan: Plan, watch: Arc<Watch>) -> Option<Got> {
    tokio::time::sleep(plan.at.saturating_sub(watch.ledger.now())).await;
    watch.ledger.note("asks", plan.id, 0);
    let asking = exchange(service, &plan, &watch);
    let got = match plan.gives_up {
        Some(patience) => tokio::time::timeout(patience, asking).await.ok(),
        None => Some(asking.await),
    };
    match &got {
        Some(got) => watch.ledger.note("got", plan.id, got.status.into()),
        None => watch.ledger.note("gave up", plan.id, 0),
    }
    got
}

async fn exchange(mut service: ProxyService, plan: &Plan, watch: &Arc<Watch>) -> Got {
    let began = watch.ledger.now();
    let calling = service.call(plan.request());
    let response = Watched::new(calling, watch).await.unwrap_or_else(|never| match never {});
    let took = watch.ledger.now() - began;
    if took > watch.timeout + watch.tolerance {
        watch.ledger.fault(format!("the head of the answer to {plan:?} took {took:?}"));
    }
    let (status, field) = (response.status().as_u16(), field(&response, FIELD));
    let (retry_after, content_type) =
        (field_of(&response, "retry-after"), field_of(&response, "content-type"));
    let body = Watched::new(Box::pin(Collecting::new(response)), watch).await;
    let took_all = watch.ledger.now() - began;
    if took_all > took + watch.body_time {
        watch.ledger.fault(format!("the body of the answer to {plan:?} took {:?}", took_all - took));
    }
    let mut reason = None;
    match body {
        Err(()) if watch.ledger.has_broken(plan.id) => watch.ledger.note("broke off", plan.id, 0),
        Err(()) => watch.ledger.fault(format!("the answer to {plan:?} broke off, and no backend did")),
        Ok(body) if field == Some(plan.id) => {
            if body != answer(plan.id) {
                watch.ledger.fault(format!("the answer to {plan:?} has the body {body:?}"));
            }
        }
        Ok(body) => {
            let of_proxy = content_type.as_deref() == Some("application/problem+json");
            reason = reason_in(&body).filter(|_| of_proxy && field.is_none());
            if reason.is_none() || !matches!(status, 502..=504) {
                watch.ledger.fault(format!("{plan:?} was answered {status} {field:?} {body:?}"));
            }
        }
    }
    Got { status, reason, retry_after, took }
}

fn field(response: &Response<ProxyBody>, name: &str) -> Option<Id> {
    field_of(response, name)?.parse().ok()
}

fn field_of(response: &Response<ProxyBody>, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().unwrap().to_owned())
}

/// The reason in a problem's body.
fn reason_in(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("\"reason\":")?;
    rest.split('"').nth(1).map(str::to_owned)
}

/// Reads a body to its end.
struct Collecting {
    body: ProxyBody,
    text: Vec<u8>,
}

impl Collecting {
    fn new(response: Response<ProxyBody>) -> Self {
        Self { body: response.into_body(), text: Vec::new() }
    }
}

impl Future for Collecting {
    type Output = Result<String, ()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut frame = self.body.frame();
            match ready!(Pin::new(&mut frame).poll(cx)) {
                None => {
                    return Poll::Ready(String::from_utf8(std::mem::take(&mut self.text)).map_err(|_| ()));
                }
                Some(Err(_)) => return Poll::Ready(Err(())),
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    self.text.extend_from_slice(&data);
                }
            }
        }
    }
}
