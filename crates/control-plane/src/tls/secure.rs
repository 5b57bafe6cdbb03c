//! TLS towards backends.

use std::io;

use proxy_core::spec::Protocol;
use proxy_core::{ConnectError, Secure, Secured, Securing, Stream, TlsFault};
use tls_sni::{Client, ClientStream, ConnectFailure, failure_of};

use super::over::{Over, Side};

/// The TLS of one upstream.
#[derive(Debug)]
pub(crate) struct BackendTls {
    pub(crate) client: Client,
    pub(crate) identity: u64,
}

impl Secure for BackendTls {
    fn secure<'a>(&'a self, stream: Stream, host: &'a str) -> Securing<'a> {
        Box::pin(async move { made(self.client.connect(stream, host).await) })
    }

    fn secure_without_http2<'a>(&'a self, stream: Stream, host: &'a str) -> Securing<'a> {
        Box::pin(async move { made(self.client.connect_without_http2(stream, host).await) })
    }

    fn identity(&self) -> u64 {
        self.identity
    }
}

fn made(made: Result<ClientStream<Stream>, ConnectFailure>) -> Result<Stream, ConnectError> {
    match made {
        Ok(stream) => {
            let agreed = Agreed::of(&stream);
            Ok(Over::stream(stream, agreed))
        }
        Err(failure) => Err(ConnectError::Tls(fault(failure))),
    }
}

/// What was agreed with a backend.
struct Agreed(Option<Protocol>);

impl Secured for Agreed {
    fn protocol(&self) -> Option<Protocol> {
        self.0
    }
}

impl Agreed {
    fn of(stream: &ClientStream<Stream>) -> Self {
        Self(stream.protocol().map(|protocol| match protocol {
            tls_sni::Protocol::Http2 => Protocol::Http2,
            _ => Protocol::Http1,
        }))
    }
}

impl Side for ClientStream<Stream> {
    fn below(&self) -> &Stream {
        self.get_ref()
    }

    fn has_buffered_input(&self) -> bool {
        self.has_buffered_input()
    }

    fn has_unsent(&self) -> bool {
        self.has_unsent()
    }

    fn told(error: io::Error) -> io::Error {
        told(error)
    }
}

/// Why a handshake failed, in the engine's words.
const fn fault(failure: ConnectFailure) -> TlsFault {
    match failure {
        ConnectFailure::Expired => TlsFault::Expired,
        ConnectFailure::NotYetValid => TlsFault::NotYetValid,
        ConnectFailure::UnknownAuthority => TlsFault::UnknownAuthority,
        ConnectFailure::WrongName => TlsFault::WrongName,
        ConnectFailure::Revoked => TlsFault::Revoked,
        ConnectFailure::UnknownRevocation => TlsFault::UnknownRevocation,
        ConnectFailure::BadCertificate => TlsFault::BadCertificate,
        ConnectFailure::PinMismatch => TlsFault::PinMismatch,
        ConnectFailure::Alert(_) => TlsFault::Alert,
        ConnectFailure::NoSharedParameters => TlsFault::NoSharedParameters,
        ConnectFailure::NotTls => TlsFault::NotTls,
        ConnectFailure::BadTls => TlsFault::BadTls,
        ConnectFailure::BadName => TlsFault::BadName,
        ConnectFailure::Closed => TlsFault::Closed,
        ConnectFailure::Internal => TlsFault::Internal,
        _ => TlsFault::Io,
    }
}

/// An error with the engine's word inside, where TLS is what broke. What h2 sees of it is its kind alone.
fn told(error: io::Error) -> io::Error {
    match failure_of(&error) {
        None | Some(ConnectFailure::Closed | ConnectFailure::Io(_)) => error,
        // RFC 8446 section 4.4.2.4: a client certificate that is not taken shows after our side of the handshake.
        Some(ConnectFailure::Alert(_)) => io::Error::other(TlsFault::LateAlert),
        Some(failure) => io::Error::other(fault(failure)),
    }
}
