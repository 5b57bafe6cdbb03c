//! Asks the API: HTTP/1.1 over a Unix socket, TCP or TLS. Redirects are answers like any other.

mod dial;
mod error;
mod token;

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, IF_MATCH, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::Address;
use super::call::Call;

pub(super) use dial::{Tls, TlsError};
pub(super) use error::AskError;
pub(super) use token::{Token, TokenError};

/// Who asks.
const AGENT: &str = concat!("proxyd-ctl/", env!("CARGO_PKG_VERSION"));
/// More of a head is not read, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
/// More of an answer is not read, in bytes.
const LONGEST_BODY: usize = 64 << 20;

/// An answer of the API.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Without what is not text.
    pub(super) tag: Option<String>,
    pub(super) body: Bytes,
}

/// Asks one proxy, over one connection for as long as that stands.
///
/// # Tasks
/// One drives the connection; it ends with the client.
pub(super) struct Client {
    address: Address,
    tls: Option<Tls>,
    token: Option<Token>,
    limit: Duration,
    open: Option<SendRequest<Full<Bytes>>>,
    driving: JoinSet<()>,
}

impl Client {
    /// A client of the proxy there; `limit` is for how long an answer is waited for.
    pub(super) fn new(address: Address, tls: Option<Tls>, token: Option<Token>, limit: Duration) -> Self {
        Self { address, tls, token, limit, open: None, driving: JoinSet::new() }
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// There is none.
    ///
    /// # Cancel safety
    /// The connection is of no use any more once this was dropped before its end; the next question opens another.
    pub(super) async fn ask(&mut self, call: &Call) -> Result<Answer, AskError> {
        let (limit, address) = (self.limit, self.address.to_string());
        let asking = async {
            let response = self.send(call).await?;
            read(response, &self.address).await
        };
        let asked = timeout(limit, asking).await.unwrap_or(Err(AskError::Late { address, limit }));
        if asked.is_err() {
            self.open = None;
        }
        asked
    }

    /// Asks for a stream, which ends with the client; the time until its head is bounded, that of the stream itself is not.
    ///
    /// # Errors
    /// There is none. An answer that refuses it is read whole.
    pub(super) async fn stream(&mut self, call: &Call) -> Result<Result<Incoming, Answer>, AskError> {
        let (limit, address) = (self.limit, self.address.to_string());
        let asking = async {
            let response = self.send(call).await?;
            if response.status() == StatusCode::OK {
                return Ok(Ok(response.into_body()));
            }
            read(response, &self.address).await.map(Err)
        };
        timeout(limit, asking).await.unwrap_or(Err(AskError::Late { address, limit }))
    }

    /// Where the proxy is.
    pub(super) const fn address(&self) -> &Address {
        &self.address
    }

    async fn send(&mut self, call: &Call) -> Result<Response<Incoming>, AskError> {
        if let Some(mut open) = self.open.take()
            && open.ready().await.is_ok()
        {
            match open.send_request(self.request(call)?).await {
                Ok(response) => {
                    self.open = Some(open);
                    return Ok(response);
                }
                // The proxy may have closed it meanwhile (RFC 9112 section 9.3.1); what changes nothing is asked again.
                Err(_) if call.method == Method::GET => {}
                Err(source) => return Err(AskError::http(&self.address, source)),
            }
        }
        let mut open = self.connect().await?;
        let sent = open.send_request(self.request(call)?).await;
        let response = sent.map_err(|source| AskError::http(&self.address, source))?;
        self.open = Some(open);
        Ok(response)
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>, AskError> {
        self.driving.abort_all();
        let stream = dial::dial(&self.address, self.tls.as_ref()).await?;
        let building = Builder::new().max_buf_size(LONGEST_HEAD).handshake(TokioIo::new(stream)).await;
        let (open, connection) = building.map_err(|source| AskError::http(&self.address, source))?;
        self.driving.spawn(async {
            // How it ended is told by what was asked over it.
            let _ended = connection.await;
        });
        Ok(open)
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, AskError> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(&call.target)
            .header(HOST, self.address.authority())
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json, application/problem+json, text/event-stream");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.field());
        }
        if let Some(tag) = &call.if_match {
            request = request.header(IF_MATCH, tag);
        }
        let body = match &call.body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        request.body(Full::new(body)).map_err(AskError::Request)
    }
}

/// Reads an answer.
async fn read(response: Response<Incoming>, address: &Address) -> Result<Answer, AskError> {
    let (head, body) = response.into_parts();
    let tag = head.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let whole = Limited::new(body, LONGEST_BODY).collect().await;
    let body = whole.map_err(|source| AskError::body(address, source, LONGEST_BODY))?.to_bytes();
    Ok(Answer { status: head.status, tag, body })
}

#[cfg(test)]
mod tests;
