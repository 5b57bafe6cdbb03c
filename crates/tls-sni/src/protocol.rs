//! What is spoken inside: chosen by ALPN (RFC 7301).

/// A protocol that the two sides may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 (RFC 9113 section 3.2).
    Http2,
}

impl Protocol {
    /// Its name in ALPN.
    pub const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }

    /// The protocol of that name; `None` for one that is not spoken here.
    pub fn of(alpn: &[u8]) -> Option<Self> {
        [Self::Http1, Self::Http2].into_iter().find(|protocol| protocol.alpn() == alpn)
    }

    pub(crate) fn names(protocols: &[Self]) -> Vec<Vec<u8>> {
        protocols.iter().map(|protocol| protocol.alpn().to_vec()).collect()
    }
}
