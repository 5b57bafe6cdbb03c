//! Events of requests.

use std::time::{Duration, SystemTime};

use super::value::{facts, words};
use crate::clock;
use crate::observe::Completed;
use crate::reason::Reason;

/// A request has ended, whichever way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestCompleted {
    /// When it ended.
    pub at: SystemTime,
    /// Its id.
    pub request_id: String,
    /// The route's id, where one matched.
    pub route: Option<String>,
    /// The upstream that was asked last, where one was asked; else the route's own.
    pub upstream: Option<String>,
    /// The id of the backend that was asked last, or that answered.
    pub backend: Option<String>,
    /// The method as it was sent; what is not UTF-8 in it is replaced. Empty where no head was understood.
    pub method: String,
    /// The host in lower case.
    pub host: String,
    /// The version of TLS that the client speaks, `TLSv1.3`; `None` where its connection is not secure.
    pub tls_version: Option<String>,
    /// The host that the client asked for in its handshake.
    pub server_name: Option<String>,
    /// The status that the client got.
    pub status: u16,
    /// Why the proxy answered itself, or why the exchange broke off.
    pub reason: Option<Reason>,
    /// From the whole head to the end.
    pub took: Duration,
    /// How many attempts there were.
    pub attempts: u32,
    /// Bytes of the request's body that were passed on.
    pub bytes_in: u64,
    /// Bytes of the response's body that were passed on.
    pub bytes_out: u64,
}

impl RequestCompleted {
    pub(crate) fn of(request: &Completed<'_>) -> Self {
        let trace = request.trace;
        let (upstream, backend) = trace.asked.as_deref().cloned().unzip();
        Self {
            at: SystemTime::now(),
            request_id: trace.request_id.as_str().to_owned(),
            route: request.route.map(str::to_owned),
            upstream: upstream.or_else(|| request.upstream.map(str::to_owned)),
            backend,
            method: String::from_utf8_lossy(request.method).into_owned(),
            host: request.host.to_owned(),
            tls_version: request.secured.and_then(|secured| secured.version()).map(str::to_owned),
            server_name: request.secured.and_then(|secured| secured.server_name()).map(str::to_owned),
            status: trace.status,
            reason: trace.reason,
            took: clock::since(trace.began),
            attempts: trace.attempt_count,
            bytes_in: trace.bytes_in,
            bytes_out: trace.bytes_out,
        }
    }
}

words!(Reason);
facts!(RequestCompleted {
    "requestId" => request_id,
    "route" => route,
    "upstream" => upstream,
    "backend" => backend,
    "method" => method,
    "host" => host,
    "tlsVersion" => tls_version,
    "serverName" => server_name,
    "status" => status,
    "reason" => reason,
    "took" => took,
    "attempts" => attempts,
    "bytesIn" => bytes_in,
    "bytesOut" => bytes_out,
});
