//! One request over HTTP/1.1, on a connection of its own.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::dial::{Dial, DialError, Target};

/// Who asks: RFC 8555 section 6.1 wants it told.
const AGENT: &str = concat!("proxyd/", env!("CARGO_PKG_VERSION"));
/// More of a head is not read, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;
/// More of a body is not read, in bytes: some dozen certificates.
const LONGEST_BODY: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    /// There is nobody at such a URL.
    #[error("{url:?} is no URL that can be asked")]
    Url { url: String },
    /// What is said there could be heard and changed by others.
    #[error("{url:?} is not asked, since it is not HTTPS")]
    Plain { url: String },
    /// There is no connection.
    #[error("no connection to {host}")]
    Dial {
        host: String,
        #[source]
        source: DialError,
    },
    /// It was not answered in HTTP.
    #[error("no answer in HTTP/1.1 from {host}")]
    Http {
        host: String,
        #[source]
        source: hyper::Error,
    },
    /// The answer's body broke off, or is longer than anything sensible.
    #[error("the answer from {host} is not whole")]
    Body {
        host: String,
        #[source]
        source: io::Error,
    },
    /// It takes too long.
    #[error("no answer from {host} within {} s", limit.as_secs())]
    Late { host: String, limit: Duration },
}

/// True for a URL at which nobody listens in: HTTPS, or HTTP to this machine.
pub(super) fn is_trustworthy(url: &str) -> bool {
    url.parse().is_ok_and(|uri| target(&uri).is_ok_and(|target| target.is_secure || is_here(&target.host)))
}

/// Asks a URL, which is absolute, and reads the answer. Redirects are answers like any other.
///
/// # Errors
/// Why there is no answer; nothing takes longer than `limit`.
///
/// # Cancel safety
/// The connection ends with the future.
pub(super) async fn ask<B>(
    dial: &dyn Dial,
    request: Request<B>,
    limit: Duration,
) -> Result<Response<Bytes>, ExchangeError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let to = target(request.uri())?;
    let host = to.host.clone();
    let asking = async {
        let stream = dial.dial(&to).await;
        let stream = stream.map_err(|source| ExchangeError::Dial { host: to.host.clone(), source })?;
        let broken = |source| ExchangeError::Http { host: to.host.clone(), source };
        let building = Builder::new().max_buf_size(LONGEST_HEAD).handshake(TokioIo::new(stream)).await;
        let (sending, connection) = building.map_err(broken)?;
        let mut exchange = pin!(exchange(sending, in_origin_form(request), &to.host));
        tokio::select! {
            answer = &mut exchange => answer,
            // What has come by now is there to be read; nothing more comes.
            _ended = connection => exchange.await,
        }
    };
    timeout(limit, asking).await.unwrap_or(Err(ExchangeError::Late { host, limit }))
}

async fn exchange<B>(
    mut sending: SendRequest<B>,
    request: Request<B>,
    host: &str,
) -> Result<Response<Bytes>, ExchangeError>
where
    B: Body<Data = Bytes> + Send + 'static,
{
    let answer = sending.send_request(request).await;
    let answer = answer.map_err(|source| ExchangeError::Http { host: host.to_owned(), source })?;
    let (head, incoming) = answer.into_parts();
    Ok(Response::from_parts(head, read(incoming, host).await?))
}

async fn read(incoming: Incoming, host: &str) -> Result<Bytes, ExchangeError> {
    let whole = Limited::new(incoming, LONGEST_BODY).collect().await;
    whole.map(|body| body.to_bytes()).map_err(|error| {
        let source = match error.downcast::<LengthLimitError>() {
            Ok(_) => io::Error::other(format!("it is longer than {LONGEST_BODY} bytes")),
            Err(error) => io::Error::other(error),
        };
        ExchangeError::Body { host: host.to_owned(), source }
    })
}

/// Where a URL leads to.
fn target(uri: &Uri) -> Result<Target, ExchangeError> {
    let unknown = || ExchangeError::Url { url: uri.to_string() };
    let is_secure = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => true,
        Some(scheme) if *scheme == Scheme::HTTP => false,
        _ => return Err(unknown()),
    };
    let authority =
        uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(unknown)?;
    let host = authority.host().to_owned();
    if host.is_empty() {
        return Err(unknown());
    }
    let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    Ok(Target { host, port, is_secure })
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The request as it is written to whom it leads to: RFC 9112 section 3.2.1.
fn in_origin_form<B>(mut request: Request<B>) -> Request<B> {
    let uri = request.uri();
    let host = uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    let fields = request.headers_mut();
    if let Some(host) = host {
        fields.insert(HOST, host);
    }
    fields.insert(CONNECTION, HeaderValue::from_static("close"));
    let library = fields.get(USER_AGENT).and_then(|library| library.to_str().ok());
    let agent = library.map_or_else(|| AGENT.to_owned(), |library| format!("{AGENT} {library}"));
    if let Ok(agent) = HeaderValue::from_str(&agent) {
        fields.insert(USER_AGENT, agent);
    }
    request
}

#[cfg(test)]
mod tests;
