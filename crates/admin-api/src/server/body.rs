//! Bodies: those of requests, read in whole before a handler sees them, and those of responses.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::gate::Gate;
use super::phase::Busy;
use crate::access::content::too_large;
use crate::problem::Problem;

/// A body that is there, and its part of what may be held at once.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _permits: Option<OwnedSemaphorePermit>,
}

/// Reads all of a body, within the limits.
pub(super) async fn read<B>(gate: &Gate, body: B) -> Result<Held, Problem>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    match timeout(gate.deadlines.body, collect(body, gate.max_body, &gate.bodies)).await {
        Ok(result) => result,
        Err(_) => {
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "the body did not come in time"))
        }
    }
}

async fn collect<B>(mut body: B, max: usize, bodies: &Arc<Semaphore>) -> Result<Held, Problem>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut all = BytesMut::new();
    let mut permits: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "bad_body",
                "the body breaks off, or breaks the rules of HTTP/1.1",
            )
        })?;
        // Trailers say nothing here.
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > max.saturating_sub(all.len()) {
            return Err(too_large(max));
        }
        let more = u32::try_from(data.len()).ok();
        let more =
            more.and_then(|count| Arc::clone(bodies).try_acquire_many_owned(count).ok()).ok_or_else(busy)?;
        match &mut permits {
            Some(permits) => permits.merge(more),
            None => permits = Some(more),
        }
        all.extend_from_slice(&data);
    }
    Ok(Held { bytes: all.freeze(), _permits: permits })
}

fn busy() -> Problem {
    let detail = "the bodies of other requests fill what there is room for";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
        .field(RETRY_AFTER, HeaderValue::from_static("1"))
}

/// The body of a response, and what lasts as long as it does.
pub(super) struct Outgoing {
    body: Body,
    /// Ends an event stream when the server stops.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// The connection answers a request until this is dropped.
    _busy: Busy,
}

impl Outgoing {
    pub(super) fn new(body: Body, busy: Busy, end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>) -> Self {
        Self { body, end, _busy: busy }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Some(end) = &mut this.end
            && end.as_mut().poll(cx).is_ready()
        {
            this.end = None;
            this.body = Body::empty();
        }
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
