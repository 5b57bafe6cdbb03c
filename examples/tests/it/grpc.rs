//! gRPC with a real client and a real service.

mod odd;

mod calls;
mod endings;
mod errors;

use std::net::SocketAddr;

use axum::Router;
use http::uri::PathAndQuery;
use proxyd_examples::grpc::{Line, proxy};
use proxyd_examples::trial::{backend_at, serve};
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::front::{binary, through_both};

/// Has a service called through the example's proxy, and through the binary.
async fn through_each(service: Router, check: impl AsyncFn(SocketAddr)) {
    to_each(serve(service).await.unwrap(), check).await;
}

/// Has whatever is at an address called through each of the two.
async fn to_each(backend: SocketAddr, check: impl AsyncFn(SocketAddr)) {
    let proxy = proxy(backend_at("text-1", backend)).unwrap();
    through_both(proxy, binary(backend, "/examples.Text/*", "http2"), check).await;
}

/// A client that calls any method, with one connection.
async fn connect(to: SocketAddr) -> Grpc<Channel> {
    Grpc::new(Endpoint::try_from(format!("http://{to}")).unwrap().connect().await.unwrap())
}

/// One message, one answer.
async fn call(
    client: &mut Grpc<Channel>,
    method: &'static str,
    line: impl tonic::IntoRequest<Line>,
) -> Result<Response<Line>, Status> {
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(method);
    client.unary(line.into_request(), path, ProstCodec::default()).await
}

/// One message, many answers.
async fn call_for_many(client: &mut Grpc<Channel>, method: &'static str) -> Result<Streaming<Line>, Status> {
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(method);
    let answer = client.server_streaming(Request::new(Line::default()), path, ProstCodec::default()).await;
    answer.map(Response::into_inner)
}
