//! The service: each method is a function, and a path of an axum application.

use axum::Router;
use axum::extract::Request as Incoming;
use axum::routing::post;
use futures_util::{Stream, TryStreamExt, stream};
use prost::Message;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::{Line, Sum, method};

/// The service as an application, which [`trial::backend`](crate::trial::backend) serves.
pub fn router() -> Router {
    let reverse = async |call: Incoming| grpc().unary(service_fn(reverse), call).await;
    let split = async |call: Incoming| grpc().server_streaming(service_fn(split), call).await;
    let count = async |call: Incoming| grpc().client_streaming(service_fn(count), call).await;
    let converse = async |call: Incoming| grpc().streaming(service_fn(converse), call).await;
    Router::new()
        .route(method::REVERSE, post(reverse))
        .route(method::SPLIT, post(split))
        .route(method::COUNT, post(count))
        .route(method::CONVERSE, post(converse))
        .fallback(async || Status::unimplemented("there is no such method").into_http::<Body>())
}

/// Turns calls into messages, and what a method gives into an answer.
pub fn grpc<Asked, Answer>() -> Grpc<ProstCodec<Answer, Asked>>
where
    Asked: Message + Default + 'static,
    Answer: Message + 'static,
{
    Grpc::new(ProstCodec::default())
}

async fn reverse(call: Request<Line>) -> Result<Response<Line>, Status> {
    let text = call.into_inner().text;
    if text.is_empty() {
        return Err(Status::invalid_argument("there is nothing to reverse"));
    }
    Ok(Response::new(Line::of(text.chars().rev().collect::<String>())))
}

async fn split(call: Request<Line>) -> Result<Response<impl Stream<Item = Result<Line, Status>>>, Status> {
    let text = call.into_inner().text;
    let words: Vec<_> = text.split_whitespace().map(|word| Ok(Line::of(word))).collect();
    Ok(Response::new(stream::iter(words)))
}

async fn count(call: Request<Streaming<Line>>) -> Result<Response<Sum>, Status> {
    let mut lines = call.into_inner();
    let mut sum = Sum::default();
    while let Some(line) = lines.message().await? {
        sum.lines += 1;
        sum.bytes += line.text.len() as u64;
    }
    Ok(Response::new(sum))
}

/// Answers each line as it comes.
async fn converse(
    call: Request<Streaming<Line>>,
) -> Result<Response<impl Stream<Item = Result<Line, Status>>>, Status> {
    let answers = call.into_inner().map_ok(|line| Line::of(format!("{}, you say", line.text)));
    Ok(Response::new(answers))
}
