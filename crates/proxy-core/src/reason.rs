//! Why something was decided: the stable codes, and what follows from each.

use std::fmt;

use http1::Rule;

use crate::connect::TlsFault;
use crate::path::PathError;

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client's.
    Client,
    /// Our own, or that of our configuration.
    Proxy,
    /// The backend's.
    Backend,
}

/// Whether a request that failed this way may be tried again, on another backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Never.
    Never,
    /// Always: the backend has seen nothing of it.
    Unsent,
    /// Where doing it twice is as good as doing it once: the backend may have seen it.
    Repeatable,
}

/// A stable snake_case code that says why something was decided. It is printed with [`fmt::Display`], and
/// stands in answers, logs, metrics and traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No route matches.
    NoRoute,
    /// The request is malformed or ambiguous.
    BadRequest(Rule),
    /// The path of the request breaks a rule of path normalisation.
    BadPath(PathError),
    /// The body is larger than allowed.
    BodyTooLarge,
    /// A guard answered the request itself.
    Guarded,
    /// No backend is eligible.
    NoBackend,
    /// Too many requests failed lately, so that none is sent for a while.
    CircuitOpen,
    /// As many requests are in flight as allowed, and as many wait.
    QueueFull,
    /// Too many requests were in flight for as long as one may wait.
    QueueTimeout,
    /// Under overload, another request was more important or had a better chance.
    Shed,
    /// The backend's address is not allowed.
    EgressDenied,
    /// The backend's name does not resolve.
    DnsError,
    /// The backend's name did not resolve in time.
    DnsTimeout,
    /// The backend refuses connections, or cannot be reached.
    ConnectRefused,
    /// No connection to the backend came about in time.
    ConnectTimeout,
    /// The backend closed or reset the connection before its answer was whole.
    UpstreamReset,
    /// TLS with the backend failed.
    UpstreamTls(TlsFault),
    /// The backend did not begin its answer in time.
    ResponseTimeout,
    /// The whole request took too long to be answered.
    RequestTimeout,
    /// The backend's answer is malformed or ambiguous.
    BadResponse(Rule),
    /// The client closed or reset the connection before it had its answer.
    ClientGone,
    /// The client did not send a whole head in time.
    HeaderTimeout,
    /// The client's connection was idle for too long.
    KeepAliveTimeout,
    /// A body made no progress, or too little.
    BodyTimeout,
    /// A tunnel was idle for too long.
    TunnelTimeout,
    /// There are as many connections as allowed.
    ConnectionLimit,
    /// There are as many connections of this client as allowed.
    ClientLimit,
    /// More HTTP/2 frames that carry nothing, or more streams that were reset, than any use of the protocol explains.
    TooManyFrames,
    /// The upstream that gets copies of requests has failed one.
    Mirrored,
    /// The request has come through this proxy too often.
    LoopDetected,
    /// The request came over a connection that is not for its host: another rule for client certificates holds there, or
    /// the certificate that was shown is not for it.
    Misdirected,
    /// The client's handshake failed; a stable code says why.
    HandshakeFailed(&'static str),
    /// The client's handshake, or what comes before it, took too long.
    HandshakeTimeout,
    /// The handshake was given up for later ones: too many were under way.
    HandshakeLimit,
    /// A load balancer's connection does not begin with a proper header of the PROXY protocol.
    BadProxyHeader,
    /// The proxy is ending.
    Draining,
    /// A fault of the proxy itself.
    Internal,
}

impl Reason {
    /// The status of the answer that the client gets; 499 where there is no client any more.
    pub const fn status(self) -> u16 {
        match self {
            Self::NoRoute => 404,
            Self::BadRequest(rule) => rule.status(),
            Self::BadPath(_) => 400,
            Self::BodyTooLarge => 413,
            Self::Guarded => 403,
            Self::NoBackend
            | Self::CircuitOpen
            | Self::QueueFull
            | Self::QueueTimeout
            | Self::Shed
            | Self::ConnectionLimit
            | Self::ClientLimit
            | Self::Draining => 503,
            Self::EgressDenied
            | Self::DnsError
            | Self::ConnectRefused
            | Self::UpstreamReset
            | Self::Mirrored
            | Self::BadResponse(_) => 502,
            Self::UpstreamTls(TlsFault::Timeout) => 504,
            Self::UpstreamTls(_) => 502,
            Self::Misdirected => 421,
            Self::HandshakeFailed(_) | Self::BadProxyHeader => 400,
            Self::HandshakeTimeout => 408,
            Self::HandshakeLimit => 503,
            Self::DnsTimeout | Self::ConnectTimeout | Self::ResponseTimeout | Self::RequestTimeout => 504,
            Self::ClientGone => 499,
            Self::HeaderTimeout | Self::KeepAliveTimeout | Self::BodyTimeout | Self::TunnelTimeout => 408,
            Self::TooManyFrames => 429,
            Self::LoopDetected => 508,
            Self::Internal => 500,
        }
    }

    /// The error type of RFC 9209 section 2.3.
    pub const fn proxy_status(self) -> &'static str {
        match self {
            Self::NoRoute => "destination_not_found",
            Self::BadRequest(_)
            | Self::BadPath(_)
            | Self::BodyTooLarge
            | Self::HeaderTimeout
            | Self::BodyTimeout
            | Self::TooManyFrames
            | Self::ClientGone => "http_request_error",
            Self::Guarded | Self::Misdirected => "http_request_denied",
            Self::HandshakeFailed(_) | Self::HandshakeTimeout | Self::BadProxyHeader => "http_request_error",
            Self::NoBackend | Self::CircuitOpen => "destination_unavailable",
            Self::EgressDenied => "destination_ip_prohibited",
            Self::DnsError => "dns_error",
            Self::DnsTimeout => "dns_timeout",
            Self::ConnectRefused => "connection_refused",
            Self::ConnectTimeout => "connection_timeout",
            Self::UpstreamReset => "connection_terminated",
            Self::UpstreamTls(fault) => fault.proxy_status(),
            Self::ResponseTimeout | Self::RequestTimeout | Self::KeepAliveTimeout | Self::TunnelTimeout => {
                "http_response_timeout"
            }
            Self::BadResponse(_) | Self::Mirrored => "http_protocol_error",
            Self::QueueFull
            | Self::QueueTimeout
            | Self::Shed
            | Self::ConnectionLimit
            | Self::ClientLimit
            | Self::HandshakeLimit => "connection_limit_reached",
            Self::LoopDetected => "proxy_loop_detected",
            Self::Draining | Self::Internal => "proxy_internal_error",
        }
    }

    /// Whose fault it is.
    pub const fn side(self) -> Side {
        match self {
            Self::NoRoute
            | Self::BadRequest(_)
            | Self::BadPath(_)
            | Self::BodyTooLarge
            | Self::Guarded
            | Self::ClientGone
            | Self::HeaderTimeout
            | Self::KeepAliveTimeout
            | Self::BodyTimeout
            | Self::TunnelTimeout
            | Self::ConnectionLimit
            | Self::ClientLimit
            | Self::TooManyFrames
            | Self::Misdirected
            | Self::HandshakeFailed(_)
            | Self::HandshakeTimeout
            | Self::HandshakeLimit
            | Self::BadProxyHeader => Side::Client,
            Self::NoBackend
            | Self::CircuitOpen
            | Self::QueueFull
            | Self::QueueTimeout
            | Self::Shed
            | Self::EgressDenied
            | Self::LoopDetected
            | Self::Draining
            | Self::RequestTimeout
            | Self::Internal => Side::Proxy,
            Self::DnsError
            | Self::DnsTimeout
            | Self::ConnectRefused
            | Self::ConnectTimeout
            | Self::UpstreamReset
            | Self::UpstreamTls(_)
            | Self::ResponseTimeout
            | Self::Mirrored
            | Self::BadResponse(_) => Side::Backend,
        }
    }

    /// Whether the request may be tried again.
    pub const fn retry(self) -> Retry {
        match self {
            // It may have taken the request in before it broke off.
            Self::UpstreamTls(TlsFault::LateAlert) => Retry::Repeatable,
            Self::DnsError
            | Self::DnsTimeout
            | Self::ConnectRefused
            | Self::ConnectTimeout
            | Self::UpstreamTls(_)
            | Self::EgressDenied => Retry::Unsent,
            Self::UpstreamReset | Self::ResponseTimeout => Retry::Repeatable,
            _ => Retry::Never,
        }
    }

    /// One sentence for the client. It names no address.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NoRoute => "No route matches this request.",
            Self::BadRequest(_) | Self::BadPath(_) => "The request is malformed or ambiguous.",
            Self::BodyTooLarge => "The request body is larger than allowed.",
            Self::Guarded => "The request is not allowed.",
            Self::NoBackend => "No backend can take this request now.",
            Self::CircuitOpen => "Too many requests failed lately; none is sent for a while.",
            Self::QueueFull | Self::QueueTimeout | Self::Shed => {
                "There are too many requests at the same time."
            }
            Self::EgressDenied => "The backend's address is not allowed.",
            Self::DnsError | Self::DnsTimeout => "The backend's name could not be resolved.",
            Self::ConnectRefused | Self::ConnectTimeout => "The backend could not be reached.",
            Self::UpstreamReset => "The backend closed the connection before it answered.",
            Self::UpstreamTls(_) => "No secure connection to the backend came about.",
            Self::ResponseTimeout | Self::RequestTimeout => "The backend did not answer in time.",
            Self::BadResponse(_) => "The backend's answer was malformed.",
            Self::ClientGone => "The client went away.",
            Self::HeaderTimeout | Self::BodyTimeout => "The request did not arrive in time.",
            Self::KeepAliveTimeout | Self::TunnelTimeout => "The connection was idle for too long.",
            Self::ConnectionLimit | Self::ClientLimit => "There are too many connections.",
            Self::TooManyFrames => "The connection carries too little for its frames.",
            Self::Mirrored => "A copy of the request failed.",
            Self::Misdirected => "The request came over a connection that is not for its host.",
            Self::HandshakeFailed(_) | Self::HandshakeTimeout | Self::HandshakeLimit => {
                "No secure connection came about."
            }
            Self::BadProxyHeader => "The connection does not begin as it should.",
            Self::LoopDetected => "The request goes round in circles.",
            Self::Draining => "The proxy is ending.",
            Self::Internal => "The proxy failed.",
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::NoRoute => "no_route",
            // The three limits of a head have reasons of their own, as operators look for them.
            Self::BadRequest(Rule::HeadTooLarge | Rule::TooManyFields) => "head_too_large",
            Self::BadRequest(Rule::TargetTooLong) => "uri_too_long",
            Self::BadRequest(_) | Self::BadPath(_) => "bad_request",
            Self::BodyTooLarge => "body_too_large",
            Self::Guarded => "guarded",
            Self::NoBackend => "no_backend",
            Self::CircuitOpen => "circuit_open",
            Self::QueueFull => "queue_full",
            Self::QueueTimeout => "queue_timeout",
            Self::Shed => "shed",
            Self::EgressDenied => "egress_denied",
            Self::DnsError => "dns_error",
            Self::DnsTimeout => "dns_timeout",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::UpstreamReset => "upstream_reset",
            Self::UpstreamTls(_) => "upstream_tls",
            Self::Misdirected => "misdirected",
            Self::HandshakeFailed(_) => "handshake_failed",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::HandshakeLimit => "handshake_limit",
            Self::BadProxyHeader => "bad_proxy_header",
            Self::ResponseTimeout => "response_timeout",
            Self::RequestTimeout => "request_timeout",
            Self::BadResponse(_) => "bad_response",
            Self::ClientGone => "client_gone",
            Self::HeaderTimeout => "header_timeout",
            Self::KeepAliveTimeout => "keep_alive_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::TunnelTimeout => "tunnel_timeout",
            Self::ConnectionLimit => "connection_limit",
            Self::ClientLimit => "client_limit",
            Self::TooManyFrames => "too_many_frames",
            Self::Mirrored => "mirror_failed",
            Self::LoopDetected => "loop_detected",
            Self::Draining => "draining",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::BadRequest(Rule::HeadTooLarge | Rule::TooManyFields | Rule::TargetTooLong) => Ok(()),
            Self::BadPath(error) => write!(f, ":{}", error.rule()),
            Self::UpstreamTls(fault) => write!(f, ":{fault}"),
            Self::HandshakeFailed(code) => write!(f, ":{code}"),
            Self::BadRequest(rule) | Self::BadResponse(rule) => write!(f, ":{}", rule.code()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
