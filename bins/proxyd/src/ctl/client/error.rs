//! Why there is no answer.

use std::io;
use std::time::Duration;

use http_body_util::LengthLimitError;
use tls_sni::ConnectFailure;

use crate::ctl::address::Address;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::ctl) enum AskError {
    /// There is no connection.
    #[error("no connection to {address}: {source}{}", way_out(source))]
    Connect {
        address: String,
        #[source]
        source: io::Error,
    },
    /// There is no TLS over it.
    #[error(
        "no TLS with {address}: {source}; --ca names the certificates that it must stand on, --server-name the name that it must be for"
    )]
    Tls {
        address: String,
        #[source]
        source: ConnectFailure,
    },
    /// Nothing was said that can be a request.
    #[error("that cannot be asked: {0}")]
    Request(#[source] http::Error),
    /// It was not answered in HTTP.
    #[error("no answer in HTTP/1.1 from {address}: {}", whole(source))]
    Http {
        address: String,
        #[source]
        source: hyper::Error,
    },
    /// The answer broke off.
    #[error("the answer from {address} is not whole: {reason}")]
    Body { address: String, reason: String },
    /// It takes too long.
    #[error(
        "no answer from {address} within {limit:?}; --timeout gives it longer; what was asked for may happen all the same"
    )]
    Late { address: String, limit: Duration },
}

impl AskError {
    pub(super) fn connect(address: &Address, source: io::Error) -> Self {
        Self::Connect { address: address.to_string(), source }
    }

    pub(super) fn http(address: &Address, source: hyper::Error) -> Self {
        Self::Http { address: address.to_string(), source }
    }

    pub(super) fn body(
        address: &Address,
        source: Box<dyn std::error::Error + Send + Sync>,
        most: usize,
    ) -> Self {
        let reason = match source.downcast::<LengthLimitError>() {
            Ok(_) => format!("it is longer than {most} bytes"),
            Err(source) => whole(&*source),
        };
        Self::Body { address: address.to_string(), reason }
    }
}

/// An error with what it came from.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => "; does the proxy run?",
        io::ErrorKind::PermissionDenied => "; the socket is for root and the user that the proxy runs as",
        _ => "",
    }
}
