//! What is spoken on both sides of the proxy.

use clap::ValueEnum;

/// The protocols of clients and backend.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Protocol {
    /// HTTP/1.1 on both sides.
    Http1,
    /// HTTP/2 from clients, HTTP/1.1 to the backend.
    Http2,
    /// gRPC, which is HTTP/2 on both sides.
    Grpc,
}

impl Protocol {
    /// What `--protocol` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
            Self::Grpc => "grpc",
        }
    }

    /// Whether clients speak HTTP/2, in clear text and by prior knowledge.
    pub(crate) fn is_http2_from_clients(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc)
    }

    /// Whether the backend speaks HTTP/2, in clear text and by prior knowledge.
    pub(crate) fn is_http2_to_backend(self) -> bool {
        self == Self::Grpc
    }
}
