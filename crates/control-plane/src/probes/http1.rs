//! One request over HTTP/1.1.

use std::pin::pin;

use bytes::Bytes;
use health::ProbeError;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use proxy_core::Stream;

use super::{Answer, Bounded, LONGEST_HEAD, take};

/// Sends a request without a body, and reads the answer with up to `most` bytes of its body.
///
/// # Cancel safety
/// The connection ends with the future.
pub(super) async fn ask(stream: Stream, request: Request<()>, most: usize) -> Result<Answer, ProbeError> {
    let (sending, connection) = Builder::new()
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(Bounded::new(stream)))
        .await
        .map_err(|error| broken(&error))?;
    let mut exchange = pin!(exchange(sending, request.map(|()| Empty::new()), most));
    tokio::select! {
        answer = &mut exchange => answer,
        // What has come by now is there to be read; nothing more comes.
        _ended = connection => exchange.await,
    }
    .map_err(|error| broken(&error))
}

async fn exchange(
    mut sending: SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
    most: usize,
) -> hyper::Result<Answer> {
    let (head, incoming) = sending.send_request(request).await?.into_parts();
    Ok(Answer { head, body: read(incoming, most).await?, trailers: None })
}

async fn read(mut incoming: Incoming, most: usize) -> hyper::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < most {
        let Some(frame) = incoming.frame().await else { break };
        if let Ok(part) = frame?.into_data()
            && take(&part, most, &mut body)
        {
            break;
        }
    }
    Ok(body)
}

fn broken(error: &hyper::Error) -> ProbeError {
    ProbeError::failed(format!("expected an answer in HTTP/1.1: {error}"))
}
