//! Well-known field names as small numbers, and sets of them as one word.

macro_rules! names {
    ($($variant:ident => $text:literal,)+) => {
        /// A field name that the proxy has a rule about; all others are [`Name::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Name {
            /// A name without an id.
            #[default]
            Other,
            $(#[doc = concat!("`", $text, "`.")] $variant,)+
        }

        const ALL: &[(Name, &str)] = &[$((Name::$variant, $text),)+];
    };
}

names! {
    Host => "host",
    Connection => "connection",
    ContentLength => "content-length",
    TransferEncoding => "transfer-encoding",
    Te => "te",
    Trailer => "trailer",
    Upgrade => "upgrade",
    KeepAlive => "keep-alive",
    ProxyConnection => "proxy-connection",
    ProxyAuthorization => "proxy-authorization",
    ProxyAuthenticate => "proxy-authenticate",
    ProxyAuthenticationInfo => "proxy-authentication-info",
    Proxy => "proxy",
    Http2Settings => "http2-settings",
    Expect => "expect",
    XForwardedFor => "x-forwarded-for",
    XForwardedProto => "x-forwarded-proto",
    XForwardedHost => "x-forwarded-host",
    XForwardedPort => "x-forwarded-port",
    XRealIp => "x-real-ip",
    Forwarded => "forwarded",
    Via => "via",
    XRequestId => "x-request-id",
    MaxForwards => "max-forwards",
    Date => "date",
    ContentType => "content-type",
    ContentEncoding => "content-encoding",
    ContentRange => "content-range",
    Accept => "accept",
    UserAgent => "user-agent",
    Cookie => "cookie",
    SetCookie => "set-cookie",
    Authorization => "authorization",
    Location => "location",
    RetryAfter => "retry-after",
    CacheControl => "cache-control",
    ProxyStatus => "proxy-status",
    WwwAuthenticate => "www-authenticate",
    Range => "range",
    Allow => "allow",
    SecWebSocketKey => "sec-websocket-key",
    SecWebSocketAccept => "sec-websocket-accept",
    Origin => "origin",
    Vary => "vary",
    Age => "age",
    Expires => "expires",
    Pragma => "pragma",
    Traceparent => "traceparent",
    Tracestate => "tracestate",
    Server => "server",
}

const SLOTS: usize = 256;

/// An open-addressed table from a cheap hash of a name to its id, filled while compiling.
static TABLE: [u8; SLOTS] = table();

const fn slot(len: usize, first: u8, last: u8) -> usize {
    (len.wrapping_mul(7)
        ^ ((first | 0x20) as usize).wrapping_mul(5)
        ^ ((last | 0x20) as usize).wrapping_mul(13))
        % SLOTS
}

const fn table() -> [u8; SLOTS] {
    let mut table = [0; SLOTS];
    let mut i = 0;
    while i < ALL.len() {
        let text = ALL[i].1.as_bytes();
        let mut at = slot(text.len(), text[0], text[text.len() - 1]);
        while table[at] != 0 {
            at = (at + 1) % SLOTS;
        }
        table[at] = i as u8 + 1;
        i += 1;
    }
    table
}

impl Name {
    /// The id of `name`, in any case.
    #[inline]
    pub fn of(name: &[u8]) -> Self {
        Self::find(name, |known, name| known.eq_ignore_ascii_case(name))
    }

    /// The id of the name that `name` turns into where underscores are read as hyphens, as CGI and WSGI
    /// programs read them; [`Name::Other`] where `name` has no underscore.
    pub fn of_underscored(name: &[u8]) -> Self {
        if !name.contains(&b'_') {
            return Self::Other;
        }
        Self::find(name, eq_folding_underscores)
    }

    #[inline]
    fn find(name: &[u8], eq: impl Fn(&[u8], &[u8]) -> bool) -> Self {
        let (Some(&first), Some(&last)) = (name.first(), name.last()) else { return Self::Other };
        let mut at = slot(name.len(), first, last);
        loop {
            let Some((id, text)) = (TABLE[at] as usize).checked_sub(1).and_then(|index| ALL.get(index))
            else {
                return Self::Other;
            };
            if text.len() == name.len() && eq(text.as_bytes(), name) {
                return *id;
            }
            at = (at + 1) % SLOTS;
        }
    }

    /// The name in lower case; empty for [`Name::Other`].
    pub fn as_str(self) -> &'static str {
        (self as usize).checked_sub(1).and_then(|index| ALL.get(index)).map_or("", |(_, text)| text)
    }
}

/// True where the names are one when case is ignored and underscores are read as hyphens.
pub(crate) fn eq_folding_underscores(known: &[u8], name: &[u8]) -> bool {
    let fold = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    known.len() == name.len() && known.iter().zip(name).all(|(a, b)| fold(*a) == fold(*b))
}

/// A set of well-known names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameSet(u64);

impl NameSet {
    /// The set of nothing.
    pub const EMPTY: Self = Self(0);

    /// Fields between two neighbours only, which an intermediary never passes on. RFC 9110 section 7.6.1,
    /// with those that older software sends.
    pub const HOP_BY_HOP: Self = Self::of(&[
        Name::Connection,
        Name::TransferEncoding,
        Name::Te,
        Name::Trailer,
        Name::Upgrade,
        Name::KeepAlive,
        Name::ProxyConnection,
        Name::ProxyAuthorization,
        Name::ProxyAuthenticate,
        Name::ProxyAuthenticationInfo,
        Name::Http2Settings,
    ]);

    /// Fields by which a backend would believe something about the client or the message: what a client says
    /// in them under an underscored spelling is dropped.
    pub const BELIEVED: Self = Self::of(&[
        Name::Host,
        Name::ContentLength,
        Name::XForwardedFor,
        Name::XForwardedProto,
        Name::XForwardedHost,
        Name::XForwardedPort,
        Name::XRealIp,
        Name::Forwarded,
        Name::Via,
        Name::XRequestId,
        Name::Authorization,
        Name::Expect,
        Name::MaxForwards,
        Name::Proxy,
    ])
    .union(Self::HOP_BY_HOP);

    /// The set of `names`.
    pub const fn of(names: &[Name]) -> Self {
        let mut set = 0;
        let mut i = 0;
        while i < names.len() {
            set |= 1 << names[i] as u8;
            i += 1;
        }
        Self(set)
    }

    /// This set and `other`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set with `name` in it.
    #[must_use]
    pub const fn with(self, name: Name) -> Self {
        Self(self.0 | 1 << name as u8)
    }

    /// This set without `name`.
    #[must_use]
    pub const fn without(self, name: Name) -> Self {
        Self(self.0 & !(1 << name as u8))
    }

    /// True where `name` is in the set.
    #[inline]
    pub const fn contains(self, name: Name) -> bool {
        self.0 >> (name as u8) & 1 == 1
    }

    /// True where the sets share a name.
    #[inline]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

const _: () = assert!(ALL.len() < 64, "a NameSet is one word");

#[cfg(test)]
mod tests;
