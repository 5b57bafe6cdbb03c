//! Backends for tests of probes, on real sockets.

use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use h2::server::SendResponse;
use health::ProbeError;
use http::{HeaderMap, Request, Response};
use proxy_core::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A connection to a backend.
pub(super) async fn connect(address: SocketAddr) -> Stream {
    Stream::from(TcpStream::connect(address).await.unwrap())
}

/// What a probe says.
pub(super) fn said(outcome: Result<(), ProbeError>) -> String {
    match outcome {
        Ok(()) => "well".into(),
        Err(error) => error.source().map(ToString::to_string).unwrap_or_default(),
    }
}

/// A backend that takes one request and answers it with these bytes. It gives back the head that it got, and how many
/// bytes of the answer could be sent.
pub(super) async fn http1(answer: Vec<u8>) -> (SocketAddr, JoinHandle<(String, usize)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0, "the request ended");
        }
        let mut sent = 0;
        while let Some(part) = answer.get(sent..).filter(|part| !part.is_empty()) {
            match stream.write(part).await {
                Ok(written) => sent += written,
                Err(_) => break,
            }
        }
        let _ = stream.shutdown().await;
        (String::from_utf8_lossy(&head).into_owned(), sent)
    });
    (address, serving)
}

/// What an HTTP/2 backend answers.
pub(super) struct Reply {
    pub(super) head: Response<()>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Option<HeaderMap>,
}

/// A backend that takes one request over HTTP/2, and gives it back.
pub(super) async fn http2(reply: Reply) -> (SocketAddr, JoinHandle<Request<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (request, response) = connection.accept().await.unwrap().unwrap();
        // Whoever accepts drives the connection.
        let driving = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        let request = whole(request).await;
        answer(response, reply);
        driving.await.unwrap();
        request
    });
    (address, serving)
}

async fn whole(request: Request<h2::RecvStream>) -> Request<Vec<u8>> {
    let (head, mut incoming) = request.into_parts();
    let mut body = Vec::new();
    while let Some(part) = incoming.data().await {
        body.extend_from_slice(&part.unwrap());
    }
    Request::from_parts(head, body)
}

fn answer(mut response: SendResponse<Bytes>, Reply { head, body, trailers }: Reply) {
    let ends_at_once = body.is_empty() && trailers.is_none();
    let mut sending = response.send_response(head, ends_at_once).unwrap();
    if !body.is_empty() {
        sending.send_data(body.into(), trailers.is_none()).unwrap();
    }
    if let Some(trailers) = trailers {
        sending.send_trailers(trailers).unwrap();
    }
}
