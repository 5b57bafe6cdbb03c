//! Why a message is refused.

/// The rule that a message breaks. Each has a stable snake_case code, which becomes the second half of the
/// reasons `bad_request:<rule>` and `bad_response:<rule>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// The start line is not one, or many empty lines stand before it. RFC 9112 sections 2.2, 3 and 4.
    #[error("the start line is malformed")]
    StartLine,
    /// The version is not one of HTTP/1. RFC 9110 section 15.6.6.
    #[error("the HTTP version is not supported")]
    Version,
    /// A field name holds a byte that is no token character, or space before its colon. RFC 9112 section 5.1.
    #[error("a field name is malformed")]
    FieldName,
    /// A field value holds a control character or a folded line. RFC 9110 section 5.5, RFC 9112 section 5.2.
    #[error("a field value is malformed")]
    FieldValue,
    /// A line of the head ends in LF without CR. RFC 9112 section 2.2.
    #[error("a line ends in a bare LF")]
    BareLf,
    /// More fields than allowed. RFC 6585 section 5.
    #[error("too many fields")]
    TooManyFields,
    /// The head is larger than allowed. RFC 6585 section 5.
    #[error("the head is too large")]
    HeadTooLarge,
    /// The request target is longer than allowed. RFC 9110 section 15.5.15.
    #[error("the request target is too long")]
    TargetTooLong,
    /// The request target has none of the four forms, or one that the method does not allow. RFC 9112 section 3.2.
    #[error("the request target is malformed")]
    Target,
    /// The request target is absolute and its scheme is not http or https. RFC 9112 section 3.2.2.
    #[error("the scheme of the request target is not served")]
    TargetScheme,
    /// The request target holds a fragment. RFC 9112 section 3.2.
    #[error("the request target holds a fragment")]
    Fragment,
    /// The path of the request target breaks a rule of path normalisation.
    #[error("the path is malformed")]
    Path,
    /// HTTP/1.1 without Host. RFC 9112 section 3.2.
    #[error("Host is missing")]
    HostMissing,
    /// Host more than once. RFC 9112 section 3.2.
    #[error("Host is given twice")]
    HostRepeated,
    /// Host, or the authority of the target, is no host and port. RFC 9110 section 7.2.
    #[error("Host is malformed")]
    Host,
    /// An authority holds an `@`. RFC 9110 section 4.2.4.
    #[error("the user information part of an authority is not allowed")]
    Userinfo,
    /// CONNECT: there is no tunnel to hosts of the client's choice here. RFC 9110 section 9.3.6.
    #[error("CONNECT is not served")]
    Connect,
    /// Content-Length is not one decimal number. RFC 9110 section 8.6, RFC 9112 section 6.3.
    #[error("Content-Length is malformed")]
    ContentLength,
    /// Content-Length more than once. RFC 9112 section 6.3.
    #[error("Content-Length is given twice")]
    ContentLengthRepeated,
    /// Content-Length beside Transfer-Encoding. RFC 9112 section 6.3.
    #[error("Content-Length and Transfer-Encoding are both given")]
    LengthAndCoding,
    /// Transfer-Encoding is not exactly `chunked`, once. RFC 9112 section 6.1.
    #[error("Transfer-Encoding is malformed")]
    TransferEncoding,
    /// Transfer-Encoding names a coding that is not known here. RFC 9112 section 6.1.
    #[error("the transfer coding is not supported")]
    TransferCoding,
    /// Transfer-Encoding in HTTP/1.0. RFC 9112 section 6.1.
    #[error("Transfer-Encoding is not part of HTTP/1.0")]
    CodingInHttp10,
    /// Connection is no list of tokens, or a very long one. RFC 9110 section 7.6.1.
    #[error("Connection is malformed")]
    Connection,
    /// Expect is not `100-continue`. RFC 9110 section 10.1.1.
    #[error("the expectation cannot be met")]
    Expect,
    /// Upgrade is malformed or stands where it cannot. RFC 9110 section 7.8.
    #[error("Upgrade is malformed")]
    Upgrade,
    /// Max-Forwards is no number. RFC 9110 section 7.6.2.
    #[error("Max-Forwards is malformed")]
    MaxForwards,
    /// A chunk size is malformed or too large. RFC 9112 section 7.1.
    #[error("a chunk size is malformed")]
    ChunkSize,
    /// A chunk extension is malformed, or the extensions of a body are too large. RFC 9112 section 7.1.1.
    #[error("a chunk extension is malformed or too large")]
    ChunkExtension,
    /// A chunk's data is not followed by CRLF. RFC 9112 section 7.1.
    #[error("a chunk does not end where its size says")]
    ChunkEnd,
    /// The trailer section is malformed or too large. RFC 9112 section 7.1.2.
    #[error("the trailer section is malformed or too large")]
    Trailer,
    /// The body ended before its length. RFC 9112 section 8.
    #[error("the message is incomplete")]
    Incomplete,
    /// The status code is no code of a response to this request. RFC 9110 section 15.
    #[error("the status code is malformed")]
    Status,
    /// More interim responses than allowed before the final one. RFC 9110 section 15.2.
    #[error("too many interim responses")]
    TooManyInterim,
    /// The other end does not keep to the frames of HTTP/2. RFC 9113 sections 4 to 6 and 8.1.
    #[error("the frames of HTTP/2 are malformed or out of order")]
    Frames,
    /// Extended CONNECT names a protocol that is not served. RFC 8441 section 4, RFC 9220 section 3.
    #[error("the protocol that is asked for is not served")]
    Protocol,
}

impl Rule {
    /// The stable code of this rule.
    pub const fn code(self) -> &'static str {
        match self {
            Self::StartLine => "start_line",
            Self::Version => "version",
            Self::FieldName => "field_name",
            Self::FieldValue => "field_value",
            Self::BareLf => "bare_lf",
            Self::TooManyFields => "too_many_fields",
            Self::HeadTooLarge => "head_too_large",
            Self::TargetTooLong => "target_too_long",
            Self::Target => "target",
            Self::TargetScheme => "target_scheme",
            Self::Fragment => "fragment",
            Self::Path => "path",
            Self::HostMissing => "host_missing",
            Self::HostRepeated => "host_repeated",
            Self::Host => "host",
            Self::Userinfo => "userinfo",
            Self::Connect => "connect",
            Self::ContentLength => "content_length",
            Self::ContentLengthRepeated => "content_length_repeated",
            Self::LengthAndCoding => "length_and_coding",
            Self::TransferEncoding => "transfer_encoding",
            Self::TransferCoding => "transfer_coding",
            Self::CodingInHttp10 => "coding_in_http10",
            Self::Connection => "connection",
            Self::Expect => "expect",
            Self::Upgrade => "upgrade",
            Self::MaxForwards => "max_forwards",
            Self::ChunkSize => "chunk_size",
            Self::ChunkExtension => "chunk_extension",
            Self::ChunkEnd => "chunk_end",
            Self::Trailer => "trailer",
            Self::Incomplete => "incomplete",
            Self::Status => "status",
            Self::TooManyInterim => "too_many_interim",
            Self::Frames => "frames",
            Self::Protocol => "protocol",
        }
    }

    /// The status that a request which breaks this rule is answered with.
    pub const fn status(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TooManyFields | Self::HeadTooLarge => 431,
            Self::TargetTooLong => 414,
            Self::Connect => 405,
            Self::TransferCoding | Self::Protocol => 501,
            Self::Expect => 417,
            _ => 400,
        }
    }
}
