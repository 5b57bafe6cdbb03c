//! Events as they happen: server-sent events (WHATWG HTML, section 9.2).

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt, unfold};
use http::StatusCode;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use super::ask::Ask;
use super::reply::Reply;
use super::{moment, query};
use crate::Problem;
use crate::sources::Told;

/// So many listen at once, at the most.
pub(super) const STREAMS_MAX: usize = 16;
/// After so long without an event, a comment shows that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn listen(ask: &Ask) -> Result<Reply, Problem> {
    let busy = |code, detail| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
    let source = ask.api.settings.events.as_ref();
    let source = source.ok_or_else(|| busy("no_events", "nobody tells events here"))?;
    let types: Vec<&str> =
        ask.query.text("types").map(|types| types.split(',').collect()).unwrap_or_default();
    if let Some(unknown) = types.iter().find(|name| !source.types().contains(name)) {
        let shown: String = unknown.chars().take(64).collect();
        let known = source.types().join(", ");
        return Err(query::refuse("types", &format!("has {shown:?}, which is no type; known: {known}")));
    }
    let full = || busy("too_many_streams", "too many listen already");
    let permit = ask.api.streams.clone().try_acquire_owned().map_err(|_| full())?;
    let events = source.subscribe(&types).ok_or_else(full)?;
    Ok(Reply::events(Body::from_stream(stream(events, permit))))
}

/// What is still to be sent.
struct Sending {
    events: BoxStream<'static, Told>,
    /// The number of the last event.
    number: u64,
    heartbeat: Instant,
    /// One of few, given back at the end.
    _permit: OwnedSemaphorePermit,
}

fn stream(
    events: BoxStream<'static, Told>,
    permit: OwnedSemaphorePermit,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    let sending = Sending { events, number: 0, heartbeat: Instant::now() + HEARTBEAT, _permit: permit };
    // Something at once, so that the client sees the head of the answer and knows that it listens.
    let hello = futures_util::stream::once(std::future::ready(Ok(Bytes::from_static(b": hello\n\n"))));
    hello.chain(unfold(sending, next))
}

async fn next(mut sending: Sending) -> Option<(Result<Bytes, Infallible>, Sending)> {
    let told = tokio::select! {
        told = sending.events.next() => Some(told?),
        () = sleep_until(sending.heartbeat) => None,
    };
    let text = match told {
        Some(told) => {
            sending.number += 1;
            written(&told, sending.number)
        }
        None => ":\n\n".to_owned(),
    };
    sending.heartbeat = Instant::now() + HEARTBEAT;
    Some((Ok(text.into()), sending))
}

/// One event. JSON has no line breaks of its own, and types of events have none either.
fn written(told: &Told, number: u64) -> String {
    let (kind, data) = match told {
        Told::Event { kind, at, fields } => {
            let mut data = fields.clone();
            data.insert("at".into(), moment::with_millis(*at).into());
            (kind.replace(char::is_control, " "), Value::Object(data))
        }
        Told::Lost(count) => ("lost".to_owned(), serde_json::json!({ "count": count })),
    };
    format!("event: {kind}\nid: {number}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests;
