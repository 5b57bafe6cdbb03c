//! Connections that are replaced when the proxy ends them.
//!
//! Other loads of HTTP/2 end with the first thing that goes wrong. Here it is counted what that is: which
//! connections the proxy ended and whether it said so by GOAWAY, and which streams had no answer.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use http::StatusCode;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::alarm::Alarm;
use super::schedule::Schedule;
use super::{Expected, Plan, handshake};
use crate::bench::load::PATIENCE;
use crate::bench::load::mixed::Count;
use crate::bench::load::orders::Lane;
use crate::bench::messages::call::Call;

/// Connections to one proxy, in places that each has one at a time.
pub(in crate::bench::load) struct Kept {
    plan: Plan,
    runtime: Runtime,
    places: Vec<Arc<Place>>,
    state: Arc<State>,
}

/// What the tasks share. Never contended, as all of them share one thread.
#[derive(Debug, Default)]
struct State {
    count: Mutex<Count>,
    sent: Mutex<u64>,
}

/// Where a connection is, or is to be opened.
#[derive(Debug, Default)]
struct Place(tokio::sync::Mutex<Option<SendRequest<Bytes>>>);

/// Why a request has no answer.
#[derive(Debug)]
enum Failure {
    /// It was not sent.
    Unsent(String),
    /// Its stream ended too soon.
    Cut { failure: String, is_repeatable: bool },
    /// It was answered, but not so.
    Answer(String),
}

impl Kept {
    /// One without connections yet, for clear text.
    pub(in crate::bench::load) fn new(plan: Plan) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot wait for events")?;
        let places = (0..plan.connections).map(|_| Arc::default()).collect();
        Ok(Self { plan, runtime, places, state: Arc::default() })
    }

    /// Sends `rate` requests per second from `start` to `end`, and waits for the last answers.
    pub(in crate::bench::load) fn send(&mut self, rate: u32, start: Instant, end: Instant) -> Result<Lane> {
        let Self { plan, runtime, places, state } = self;
        *state.sent() = 0;
        let schedule = Schedule::paced(rate, start, end);
        runtime.block_on(async {
            let mut streams = JoinSet::new();
            // Streams that follow each other are on different connections.
            for _ in 0..plan.streams {
                for place in places.iter() {
                    let (place, state) = (Arc::clone(place), Arc::clone(state));
                    streams.spawn(repeat(place, state, plan.clone(), schedule));
                }
            }
            let give_up = (end + PATIENCE).into();
            while let Ok(Some(stream)) = timeout_at(give_up, streams.join_next()).await {
                stream.context("a stream failed")?;
            }
            for _ in 0..streams.len() {
                state.count().failed(format!("no answer within {} s", PATIENCE.as_secs()));
            }
            streams.shutdown().await;
            Ok(std::mem::take(&mut *state.count()).close())
        })
    }
}

/// Sends what is due, one request after the other.
async fn repeat(place: Arc<Place>, state: Arc<State>, plan: Plan, schedule: Schedule) {
    let alarm = match Alarm::new() {
        Ok(alarm) => alarm,
        Err(error) => return state.count().failed(format!("{error:#}")),
    };
    while let Some(due) = state.next(schedule) {
        if let Err(error) = alarm.wait_until(due).await {
            return state.count().failed(format!("{error:#}"));
        }
        let outcome = match place.connection(&plan, &state).await {
            Ok(connection) => exchange(connection, &plan.call, plan.expected).await,
            Err(error) => Err(Failure::Unsent(format!("cannot connect: {error:#}"))),
        };
        state.settle(due, outcome);
    }
}

async fn exchange(
    mut connection: SendRequest<Bytes>,
    call: &Call,
    expected: Expected,
) -> Result<(), Failure> {
    let unsent = |error| Failure::Unsent(format!("a request could not be sent: {error}"));
    let (response, _) = connection.send_request(call.head.clone(), true).map_err(unsent)?;
    let response = response.await.map_err(|error| cut(&error))?;
    let status = response.status();
    let (mut body, mut received) = (response.into_body(), 0);
    while let Some(data) = body.data().await {
        let length = data.map_err(|error| cut(&error))?.len();
        body.flow_control().release_capacity(length).map_err(|error| cut(&error))?;
        received += length;
    }
    match (status, received == expected.body) {
        (StatusCode::OK, true) => Ok(()),
        (StatusCode::OK, false) => {
            Err(Failure::Answer(format!("a body has {received} bytes, not {}", expected.body)))
        }
        (status, _) => Err(Failure::Answer(format!("unexpected response: {status}"))),
    }
}

/// A stream that ended by `error`.
fn cut(error: &h2::Error) -> Failure {
    // RFC 9113 section 8.7: it is not worked on beyond what GOAWAY says, nor when it is refused.
    let is_repeatable = error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM);
    Failure::Cut { failure: format!("a response did not come: {error}"), is_repeatable }
}

impl Place {
    /// The connection, a new one if there is none that takes requests.
    async fn connection(&self, plan: &Plan, state: &Arc<State>) -> Result<SendRequest<Bytes>> {
        let mut place = self.0.lock().await;
        if let Some(connection) = &*place {
            let mut connection = connection.clone();
            if poll_fn(|context| connection.poll_ready(context)).await.is_ok() {
                return Ok(connection);
            }
        }
        *place = None;
        let opened = open(plan, Arc::clone(state)).await?;
        Ok(place.insert(opened).clone())
    }
}

/// Opens a connection, and has its end counted.
async fn open(plan: &Plan, state: Arc<State>) -> Result<SendRequest<Bytes>> {
    let socket = TcpStream::connect(plan.address).await?;
    socket.set_nodelay(true)?;
    let (requests, connection) = handshake(socket).await?;
    let mut witness = requests.clone();
    tokio::spawn(async move {
        let _ = connection.await;
        // Who asks for more is told why there is none.
        let told = poll_fn(|context| witness.poll_ready(context)).await.is_err_and(|end| end.is_go_away());
        state.count().ended(told);
    });
    Ok(requests)
}

impl State {
    /// Takes the next request, and says when it is due; `None` when there are no more.
    fn next(&self, schedule: Schedule) -> Option<Instant> {
        let mut sent = self.sent();
        let due = schedule.due(*sent, Instant::now())?;
        *sent += 1;
        Some(due)
    }

    fn settle(&self, due: Instant, outcome: Result<(), Failure>) {
        let mut count = self.count();
        match outcome {
            Ok(()) => count.answered(due.elapsed()),
            Err(Failure::Unsent(failure) | Failure::Answer(failure)) => count.failed(failure),
            Err(Failure::Cut { failure, is_repeatable }) => {
                count.cut(is_repeatable);
                count.failed(failure);
            }
        }
    }

    fn sent(&self) -> MutexGuard<'_, u64> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
