//! One request: judged, read, handled, answered, and written down.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, SERVER, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use http_body::Body as HttpBody;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanic;

use super::body::{self, Held, Outgoing};
use super::fallback::told;
use super::gate::Gate;
use super::phase::Phase;
use super::request_id::RequestId;
use crate::access::{Arrival, head};
use crate::audit::{Asked, Audited, Outcome};
use crate::caller::{Caller, Role};
use crate::problem::Problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the requests of a connection have in common.
pub(super) struct Exchanges {
    pub(super) gate: Arc<Gate>,
    pub(super) router: Router,
    pub(super) arrival: Arrival,
    pub(super) phase: Arc<Phase>,
    /// The server stops.
    pub(super) stop: CancellationToken,
}

impl Exchanges {
    /// Answers one request.
    pub(super) async fn answer<B>(&self, request: Request<B>) -> http::Response<Outgoing>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        let busy = self.phase.begin();
        let (since, id) = (Instant::now(), RequestId::new());
        let (parts, body) = request.into_parts();
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let caller = self.gate.identify(&self.arrival, &parts);
        let actor = caller.as_ref().ok().map(|caller| caller.name.clone());
        let asked = Asked {
            actor: actor.as_deref(),
            address: &self.arrival.peer.to_string(),
            method: method.as_str(),
            path: &path,
            request_id: id.as_str(),
            since,
        };
        let admitted = match caller {
            Ok(caller) => self.admit(caller, parts, body, &id).await,
            Err(problem) => Err(self.refuse(problem, &body)),
        };
        let response = match admitted {
            Ok((request, held)) if head::role_for(&method) == Role::Write => {
                let watch = asked.watch();
                let response = self.handle(request, held, &id).await;
                watch.answered();
                asked.write(Outcome::Answered(response.status(), response.extensions().get::<Audited>()));
                response
            }
            Ok((request, held)) => self.handle(request, held, &id).await,
            Err(Refused(code, response)) => {
                self.gate.refusals.write(self.arrival.peer.key(), &asked, (response.status(), code));
                response
            }
        };
        let response = dress(response, &id);
        let is_stream = response.headers().get(CONTENT_TYPE).is_some_and(is_event_stream);
        let end = is_stream.then(|| Box::pin(self.stop.clone().cancelled_owned()) as _);
        response.map(|body| Outgoing::new(body, busy, end))
    }

    /// What a handler gets to see.
    async fn admit<B>(
        &self,
        caller: Caller,
        mut parts: Parts,
        mut body: B,
        id: &RequestId,
    ) -> Result<(Request<Body>, Held), Refused>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        let has_body = !body.is_end_stream();
        if let Err(problem) = self.gate.admit(&caller, &parts, has_body) {
            return Err(self.refuse(problem, &body));
        }
        let held = match body::read(&self.gate, &mut body).await {
            Ok(held) => held,
            Err(problem) => return Err(self.refuse(problem, &body)),
        };
        parts.extensions.insert(caller);
        parts.extensions.insert(id.clone());
        let request = Request::from_parts(parts, Body::from(held.bytes.clone()));
        Ok((request, held))
    }

    /// Answers without a handler, and without the rest of the body.
    fn refuse<B: HttpBody>(&self, problem: Problem, body: &B) -> Refused {
        let code = problem.code();
        let mut response = problem.into_response();
        if !body.is_end_stream() {
            self.phase.leave_unread();
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Refused(code, response)
    }

    async fn handle(&self, request: Request<Body>, held: Held, id: &RequestId) -> Response {
        let named = id.clone();
        // The panic hook has said where and why.
        let router = CatchPanic::custom(self.router.clone(), move |_| broken(&named));
        // In a box: the compiler cannot tell otherwise that it may move between threads.
        let Ok(response) = router.oneshot(request).boxed().await;
        drop(held);
        told(response.map(Body::new))
    }
}

/// What is told where a handler panicked.
fn broken(id: &RequestId) -> Response {
    tracing::error!(request_id = %id, "a handler of the control plane panicked");
    let detail = "proxyd failed to answer; its log has more under this request's id";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        .with("requestId", id.as_str())
        .into_response()
}

/// The code of a refusal, and the refusal.
struct Refused(&'static str, Response);

/// What every answer has, and what none has.
pub(super) fn dress(mut response: Response, id: &RequestId) -> Response {
    let fields = response.headers_mut();
    let foreign: Vec<_> =
        fields.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in foreign.iter().chain([&SERVER]) {
        fields.remove(name);
    }
    fields.insert(X_REQUEST_ID, id.to_value());
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn is_event_stream(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(b"text/event-stream")
}
