//! Methods, and what they allow.

/// A request method that the proxy has a rule about; all others are [`Method::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Method {
    /// A method without an id.
    #[default]
    Other,
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
    /// OPTIONS.
    Options,
    /// PATCH.
    Patch,
    /// TRACE.
    Trace,
    /// CONNECT.
    Connect,
    /// QUERY. RFC 10008.
    Query,
}

impl Method {
    /// The id of a method; methods are case-sensitive. RFC 9110 section 9.1.
    pub fn of(text: &[u8]) -> Self {
        match text {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            b"PATCH" => Self::Patch,
            b"TRACE" => Self::Trace,
            b"CONNECT" => Self::Connect,
            b"QUERY" => Self::Query,
            _ => Self::Other,
        }
    }

    /// True where doing it twice is as good as doing it once. RFC 9110 section 9.2.2.
    pub const fn is_idempotent(self) -> bool {
        matches!(
            self,
            Self::Get | Self::Head | Self::Put | Self::Delete | Self::Options | Self::Trace | Self::Query
        )
    }
}
