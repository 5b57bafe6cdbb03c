//! One stream after the other: a request, and what must come back.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::StatusCode;

use super::alarm::Alarm;
use super::run::Run;
use crate::bench::messages::call::Call;
use crate::bench::messages::grpc;

/// What the responses must be like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// Bytes in the body.
    pub(crate) body: usize,
    /// Whether trailers follow in which gRPC says that all went well.
    pub(crate) is_grpc: bool,
}

/// Sends a request, waits for its response and begins again, for as long as `run` has requests.
pub(super) async fn repeat(mut connection: SendRequest<Bytes>, run: Arc<Run>) {
    let alarm = match run.schedule.is_paced().then(Alarm::new).transpose() {
        Ok(alarm) => alarm,
        Err(error) => return run.failed(|| format!("{error:#}")),
    };
    while let Some(due) = run.next() {
        if let Some(alarm) = &alarm
            && let Err(error) = alarm.wait_until(due).await
        {
            return run.failed(|| format!("{error:#}"));
        }
        match exchange(&mut connection, &run.call, run.expected).await {
            Ok(()) => run.answered(due),
            Err(error) => run.failed(|| error),
        }
    }
}

async fn exchange(
    connection: &mut SendRequest<Bytes>,
    call: &Call,
    expected: Expected,
) -> Result<(), String> {
    let unsent = |error| format!("a request could not be sent: {error}");
    poll_fn(|context| connection.poll_ready(context)).await.map_err(unsent)?;
    let is_whole = call.body.is_empty();
    let (response, mut rest) = connection.send_request(call.head.clone(), is_whole).map_err(unsent)?;
    if !is_whole {
        rest.send_data(call.body.clone(), true).map_err(unsent)?;
    }
    let response = response.await.map_err(|error| format!("a response did not come: {error}"))?;
    if response.status() != StatusCode::OK {
        return Err(format!("unexpected response: {}", response.status()));
    }
    let mut body = response.into_body();
    let received = read(&mut body).await?;
    if received != expected.body {
        return Err(format!("a body has {received} bytes, not {}", expected.body));
    }
    if expected.is_grpc { outcome(&mut body).await } else { Ok(()) }
}

/// Reads to the end, and counts the bytes.
async fn read(body: &mut RecvStream) -> Result<usize, String> {
    let broken = |error| format!("a response broke off: {error}");
    let mut received = 0;
    while let Some(data) = body.data().await {
        let length = data.map_err(broken)?.len();
        body.flow_control().release_capacity(length).map_err(broken)?;
        received += length;
    }
    Ok(received)
}

/// Refuses trailers that do not say that the call went well.
async fn outcome(body: &mut RecvStream) -> Result<(), String> {
    let trailers = body.trailers().await.map_err(|error| format!("a response broke off: {error}"))?;
    match trailers.as_ref().and_then(|trailers| trailers.get(grpc::STATUS)) {
        Some(status) if status == grpc::OK => Ok(()),
        Some(status) => Err(format!("{} is {status:?}, not {}", grpc::STATUS, grpc::OK)),
        None => Err(format!("a response has no {}", grpc::STATUS)),
    }
}

#[cfg(test)]
mod tests;
