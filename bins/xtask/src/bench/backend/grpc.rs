//! A backend that answers calls of gRPC, with the `h2` crate.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::header::{CONTENT_TYPE, HeaderName, TE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Version};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::messages::grpc;

/// Bytes that may arrive unread. With less, the proxy would have to be told often to send on.
const WINDOW: u32 = 1 << 20;

/// Calls at the same time on one connection: more than any client of the benchmark makes.
const STREAMS: u32 = 256;

/// gRPC's name for arguments that make no sense.
const INVALID_ARGUMENT: &str = "3";

/// What is sent, made once.
#[derive(Debug)]
struct Answer {
    head: Response<()>,
    /// Must come, too.
    message: Bytes,
    went_well: HeaderMap,
    refused: HeaderMap,
}

/// Answers each call with a message as long as the call's must be: `length` bytes, prefix included.
///
/// # Errors
/// When the system refuses a socket.
pub(in crate::bench) fn serve(listener: std::net::TcpListener, length: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot wait for events")?;
    let answer = Arc::new(Answer::new(length)?);
    match runtime.block_on(accept(listener, answer))? {}
}

async fn accept(listener: std::net::TcpListener, answer: Arc<Answer>) -> Result<Infallible> {
    listener.set_nonblocking(true).context("cannot wait for connections")?;
    let listener = TcpListener::from_std(listener).context("cannot wait for connections")?;
    loop {
        let (socket, _) = listener.accept().await.context("cannot accept")?;
        let answer = Arc::clone(&answer);
        tokio::spawn(async move {
            // The proxy hears of an error, too, and its client then has no answer.
            let _ = connection(socket, answer).await;
        });
    }
}

async fn connection(socket: TcpStream, answer: Arc<Answer>) -> Result<(), h2::Error> {
    let mut settings = Builder::new();
    settings
        .max_concurrent_streams(STREAMS)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let mut connection = settings.handshake(socket).await?;
    while let Some(call) = connection.accept().await {
        let (request, mut respond) = call?;
        let answer = Arc::clone(&answer);
        tokio::spawn(async move {
            if respond_to(request, &mut respond, &answer).await.is_err() {
                respond.send_reset(Reason::INTERNAL_ERROR);
            }
        });
    }
    Ok(())
}

/// Answers a call when all of it is there.
async fn respond_to(
    request: Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    answer: &Answer,
) -> Result<(), h2::Error> {
    let is_call = is_call(&request);
    let mut body = request.into_body();
    let mut received = 0;
    while let Some(data) = body.data().await {
        let length = data?.len();
        body.flow_control().release_capacity(length)?;
        received += length;
    }
    let mut rest = respond.send_response(answer.head.clone(), false)?;
    if !is_call || received != answer.message.len() {
        return rest.send_trailers(answer.refused.clone());
    }
    rest.send_data(answer.message.clone(), false)?;
    rest.send_trailers(answer.went_well.clone())
}

/// Whether the proxy has left of the head what makes it a call.
fn is_call<B>(request: &Request<B>) -> bool {
    let has = |name, value: &str| request.headers().get(name).is_some_and(|is| is == value);
    request.method() == Method::POST
        && request.uri().path() == grpc::PATH
        && has(CONTENT_TYPE, grpc::CONTENT_TYPE)
        && has(TE, "trailers")
}

impl Answer {
    fn new(length: usize) -> Result<Self> {
        let head = Response::builder().version(Version::HTTP_2).header(CONTENT_TYPE, grpc::CONTENT_TYPE);
        let name = HeaderName::from_static(grpc::STATUS);
        let trailers = |status| HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(status))]);
        Ok(Self {
            head: head.body(()).context("an answer is odd")?,
            message: grpc::message(length),
            went_well: trailers(grpc::OK),
            refused: trailers(INVALID_ARGUMENT),
        })
    }
}

#[cfg(test)]
mod tests;
