//! Events as they happen: server-sent events (WHATWG HTML, section 9.2).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::unfold;
use http::StatusCode;
use proxy_core::events::{Event, Interest, Kind, Subscription, Value};
use serde_json::{Map, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use super::ask::Ask;
use super::reply::Reply;
use super::{moment, query};
use crate::Problem;

/// So many listen at once, at the most.
pub(super) const STREAMS_MAX: usize = 16;
/// So many events wait for a listener, at the most: further ones are lost.
const WAITING_MAX: usize = 4096;
/// After so long without an event, a comment shows that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn listen(ask: &Ask) -> Result<Reply, Problem> {
    let full = || {
        let detail = "too many listen already";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", detail)
    };
    let interest = ask.query.text("types").map_or(Ok(Interest::ALL), interest)?;
    let permit = ask.api.streams.clone().try_acquire_owned().map_err(|_| full())?;
    let events = ask.control().handle().events().subscribe(interest, WAITING_MAX).map_err(|_| full())?;
    Ok(Reply::events(Body::from_stream(stream(events, permit))))
}

/// Kinds of events by their names, or by what they are about: `circuit.opened,backend`.
fn interest(types: &str) -> Result<Interest, Problem> {
    types.split(',').try_fold(Interest::NONE, |all, name| match Interest::named(name) {
        Some(named) => Ok(all.and(named)),
        None => {
            let shown: String = name.chars().take(64).collect();
            let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            let detail = format!("has {shown:?}, which is no type; known: {}", known.join(", "));
            Err(query::refuse("types", &detail))
        }
    })
}

/// What is sent to a listener.
struct Sending {
    events: Subscription,
    /// Of so many lost events it was told.
    lost: u64,
    /// The number of the last event.
    number: u64,
    heartbeat: Instant,
    ready: VecDeque<String>,
    /// One of few, given back at the end.
    _permit: OwnedSemaphorePermit,
}

fn stream(
    events: Subscription,
    permit: OwnedSemaphorePermit,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    let heartbeat = Instant::now() + HEARTBEAT;
    // Something at once, so that the client sees the head of the answer and knows that it listens.
    let ready = VecDeque::from([": hello\n\n".to_owned()]);
    let sending = Sending { events, lost: 0, number: 0, heartbeat, ready, _permit: permit };
    unfold(sending, |mut sending| async {
        let text = sending.next().await;
        Some((Ok(Bytes::from(text)), sending))
    })
}

impl Sending {
    async fn next(&mut self) -> String {
        if let Some(text) = self.ready.pop_front() {
            return text;
        }
        let event = tokio::select! {
            event = self.events.recv() => Some(event),
            () = sleep_until(self.heartbeat) => None,
        };
        self.heartbeat = Instant::now() + HEARTBEAT;
        match event {
            Some(event) => {
                self.tell_lost();
                let text = self.numbered(event.kind().name(), &data(&event));
                self.ready.push_back(text);
            }
            None => self.ready.push_back(":\n\n".to_owned()),
        }
        self.ready.pop_front().unwrap_or_default()
    }

    /// Says how many were lost since it was last said.
    fn tell_lost(&mut self) {
        let lost = self.events.lost();
        let since = lost.saturating_sub(self.lost);
        if since > 0 {
            self.lost = lost;
            let text = self.numbered("lost", &json!({ "count": since }));
            self.ready.push_back(text);
        }
    }

    /// JSON has no line breaks of its own, and names of kinds have none either.
    fn numbered(&mut self, kind: &str, data: &serde_json::Value) -> String {
        self.number += 1;
        format!("event: {kind}\nid: {}\ndata: {data}\n\n", self.number)
    }
}

fn data(event: &Event) -> serde_json::Value {
    let mut data = Map::new();
    data.insert("at".into(), moment::with_millis(event.at()).into());
    event.fields(&mut |name, value| {
        data.insert(name.to_owned(), json_of(&value));
    });
    data.into()
}

fn json_of(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Text(text) => (*text).into(),
        Value::Number(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Time(time) => moment::with_millis(*time).into(),
        // In milliseconds, as everywhere.
        Value::Duration(span) => ((span.as_secs_f64() * 1_000_000.0).round() / 1000.0).into(),
        Value::Texts(texts) => texts.to_vec().into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests;
