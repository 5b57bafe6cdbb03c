//! One request over HTTP/2, by prior knowledge (RFC 9113 section 3.3).

use std::pin::pin;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use health::ProbeError;
use http::Request;
use proxy_core::Stream;

use super::{Answer, Bounded, LONGEST_HEAD, take};

/// Sends a request, and reads the answer with up to `most` bytes of its body, and its trailers where the body is not
/// longer.
///
/// # Cancel safety
/// The connection ends with the future.
pub(super) async fn ask(
    stream: Stream,
    request: Request<()>,
    body: Vec<u8>,
    most: usize,
) -> Result<Answer, ProbeError> {
    let (sending, connection) = Builder::new()
        .enable_push(false)
        .max_header_list_size(u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX))
        .handshake::<_, Bytes>(Bounded::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let mut exchange = pin!(exchange(sending, request, body.into(), most));
    tokio::select! {
        answer = &mut exchange => answer,
        // What has come by now is there to be read; nothing more comes.
        _ended = connection => exchange.await,
    }
    .map_err(|error| broken(&error))
}

async fn exchange(
    sending: SendRequest<Bytes>,
    request: Request<()>,
    body: Bytes,
    most: usize,
) -> Result<Answer, h2::Error> {
    // Until the exchange is over: a connection that nobody can send on ends.
    let mut sending = sending.ready().await?;
    let (response, mut outgoing) = sending.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        outgoing.send_data(body, true)?;
    }
    let (head, mut incoming) = response.await?.into_parts();
    let mut body = Vec::new();
    while body.len() < most {
        let Some(part) = incoming.data().await.transpose()? else {
            let trailers = incoming.trailers().await?;
            return Ok(Answer { head, body, trailers });
        };
        incoming.flow_control().release_capacity(part.len())?;
        take(&part, most, &mut body);
    }
    Ok(Answer { head, body, trailers: None })
}

fn broken(error: &h2::Error) -> ProbeError {
    ProbeError::failed(format!("expected an answer in HTTP/2: {error}"))
}
