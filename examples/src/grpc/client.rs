//! A client of the service.

use std::net::SocketAddr;

use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint, Error};
use tonic::{IntoRequest, IntoStreamingRequest, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::{Line, Sum, method};

/// A client with one connection, which all its calls share. A call fails with the status that the service gave; what
/// the proxy refuses has a status, too, with the reason in its message.
#[derive(Clone)]
pub struct Client {
    grpc: Grpc<Channel>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// No connection comes about.
    pub async fn connect(to: SocketAddr) -> Result<Self, Error> {
        let channel = Endpoint::try_from(format!("http://{to}"))?.connect().await?;
        Ok(Self { grpc: Grpc::new(channel) })
    }

    /// The line backwards.
    ///
    /// # Errors
    /// The call failed.
    pub async fn reverse(&mut self, line: impl IntoRequest<Line>) -> Result<Response<Line>, Status> {
        self.ready().await?;
        let path = PathAndQuery::from_static(method::REVERSE);
        self.grpc.unary(line.into_request(), path, ProstCodec::default()).await
    }

    /// The words of the line, one after the other.
    ///
    /// # Errors
    /// The call failed.
    pub async fn split(&mut self, line: impl IntoRequest<Line>) -> Result<Response<Streaming<Line>>, Status> {
        self.ready().await?;
        let path = PathAndQuery::from_static(method::SPLIT);
        self.grpc.server_streaming(line.into_request(), path, ProstCodec::default()).await
    }

    /// How much the lines are together.
    ///
    /// # Errors
    /// The call failed.
    pub async fn count(
        &mut self,
        lines: impl IntoStreamingRequest<Message = Line>,
    ) -> Result<Response<Sum>, Status> {
        self.ready().await?;
        let path = PathAndQuery::from_static(method::COUNT);
        self.grpc.client_streaming(lines.into_streaming_request(), path, ProstCodec::default()).await
    }

    /// An answer to each line, which comes before the next line is asked for.
    ///
    /// # Errors
    /// The call failed.
    pub async fn converse(
        &mut self,
        lines: impl IntoStreamingRequest<Message = Line>,
    ) -> Result<Response<Streaming<Line>>, Status> {
        self.ready().await?;
        let path = PathAndQuery::from_static(method::CONVERSE);
        self.grpc.streaming(lines.into_streaming_request(), path, ProstCodec::default()).await
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.grpc.ready().await.map_err(|error| Status::from_error(error.into()))
    }
}
