//! From requests to operations, and from what these say to responses.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use bytes::Bytes;
use http::header::{ALLOW, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use super::ask::Ask;
use super::idempotency::{self, Begun};
use super::operation::{Effect, Form, Method, Operation};
use super::query::Query;
use super::refusal;
use super::reply::Reply;
use super::tags::Conditions;
use super::{Api, json, operations};
use crate::{Caller, Problem};

/// What answers every operation, and everything else with an error.
pub(super) fn router(api: &Arc<Api>) -> Router {
    let mut paths: BTreeMap<&str, Vec<&'static Operation>> = BTreeMap::new();
    for operation in operations() {
        paths.entry(operation.path).or_default().push(operation);
    }
    let router = paths.into_iter().fold(Router::new(), |router, (path, operations)| {
        let other = allowing(&operations);
        let methods = operations.into_iter().fold(MethodRouter::new(), |methods, operation| {
            let api = Arc::clone(api);
            methods.on(filter(operation.method), move |request: Request| answer(api, operation, request))
        });
        router.route(path, methods.fallback(move || std::future::ready(other.clone())))
    });
    router.fallback(|| {
        std::future::ready(Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here"))
    })
}

/// The error of methods that a path does not have (RFC 9110 section 15.5.6).
fn allowing(operations: &[&Operation]) -> Problem {
    let mut methods: Vec<_> = operations.iter().map(|operation| operation.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    let allow = methods.join(", ");
    let detail = format!("this can be asked for with {allow}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    match HeaderValue::try_from(allow) {
        Ok(allow) => problem.field(ALLOW, allow),
        Err(_) => problem,
    }
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        // HEAD is answered as GET is, without the body.
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

async fn answer(
    api: Arc<Api>,
    operation: &'static Operation,
    request: Request,
) -> Result<Response, Infallible> {
    let (mut parts, body) = request.into_parts();
    let answered = match read(&api, operation, &mut parts, body).await {
        Ok(read) => run(operation, read).await,
        Err(problem) => Err(problem),
    };
    Ok(answered.map_or_else(IntoResponse::into_response, IntoResponse::into_response))
}

/// A request that can be answered.
struct Read {
    ask: Ask,
    /// The key that the answer is remembered by, and what it is an answer to.
    again: Option<(HeaderValue, String, Bytes)>,
}

async fn read(
    api: &Arc<Api>,
    operation: &'static Operation,
    parts: &mut Parts,
    body: Body,
) -> Result<Read, Problem> {
    let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(nobody)?;
    let query = Query::read(parts.uri.query().unwrap_or_default(), operation)?;
    let conditions = conditions(operation, &parts.headers)?;
    let path = path(parts).await?;
    let bytes = match operation.body {
        Some(_) => collect(body, api.settings.max_body).await?,
        None => Bytes::new(),
    };
    let body = read_body(operation, &bytes)?;
    let key = parts.headers.get(idempotency::KEY).filter(|_| operation.effect != Effect::Look);
    key.map(idempotency::check).transpose()?;
    let again = key.map(|key| (key.clone(), parts.uri.to_string(), bytes));
    let ask = Ask { api: Arc::clone(api), by: caller.name, path, query, conditions, body };
    // What is only planned changes nothing, and is planned anew.
    let again = again.filter(|_| !ask.is_dry());
    Ok(Read { ask, again })
}

/// Asks the operation, away from the runtime's threads. It comes to its end whether or not the client waits for it.
async fn run(operation: &'static Operation, read: Read) -> Result<Reply, Problem> {
    let running = tokio::task::spawn_blocking(move || remembered(operation, &read));
    match running.await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!(operation = operation.id, %error, "a call of the API failed");
            let detail = "the call failed; the log says more";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail))
        }
    }
}

fn remembered(operation: &Operation, read: &Read) -> Result<Reply, Problem> {
    let Read { ask, again } = read;
    let Some((key, uri, body)) = again else { return (operation.handler)(ask) };
    let asked = [operation.method.as_str().as_bytes(), uri.as_bytes(), body];
    match ask.api.memory.begin(&ask.by, key, asked, Instant::now())? {
        Begun::Replayed(reply) => Ok(reply),
        Begun::New(ticket) => {
            let reply = (operation.handler)(ask)?;
            ticket.succeeded(&reply, Instant::now());
            Ok(reply)
        }
    }
}

fn conditions(operation: &Operation, fields: &HeaderMap) -> Result<Conditions, Problem> {
    if !operation.is_tagged {
        return Ok(Conditions::default());
    }
    let conditions = Conditions::read(fields)?;
    if operation.effect == Effect::Look || conditions.is_not.is_none() {
        return Ok(conditions);
    }
    if conditions.is_not != Some(super::tags::Tags::Any) {
        let detail = "`If-None-Match` of a change is `*`";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_condition", detail));
    }
    if conditions.is.is_some() {
        // RFC 9110 section 13.2.2: both are looked at.
        return Err(refusal::changed(
            "it cannot be there and not be there: `If-Match` and `If-None-Match: *`",
            None,
        ));
    }
    Ok(conditions)
}

async fn path(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let parameters = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_path", "the path is not percent-encoded UTF-8")
    })?;
    Ok(parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

async fn collect(body: Body, most: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_too_large(&*error) => {
            let detail = format!("the body has more than {most} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail))
        }
        Err(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "body_broken", "the body breaks off")),
    }
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn read_body(operation: &Operation, bytes: &[u8]) -> Result<Option<Value>, Problem> {
    let Some(body) = operation.body else { return Ok(None) };
    if body.form == Form::Optional && bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    json::parse(bytes).map(Some)
}

/// Whoever serves the router has not said who asks: nobody may then.
fn nobody() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "it is not known who asks")
}
