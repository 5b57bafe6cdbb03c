//! Well-known field names as small numbers, and sets of them as one word.

use crate::short::Short;

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
    ClientCert => "client-cert",
    ClientCertChain => "client-cert-chain",
    XClientCertSubject => "x-client-cert-subject",
    XClientCertSan => "x-client-cert-san",
    XClientCertFingerprint => "x-client-cert-fingerprint",
    StrictTransportSecurity => "strict-transport-security",
}

const SLOTS: usize = 512;

/// An open-addressed table from a cheap hash of a name to its place in [`KNOWN`], filled while compiling; 0 is
/// an empty slot.
static TABLE: [u8; SLOTS] = table();

/// The names by their ids, ready to be compared.
static KNOWN: [(Short, Name); 64] = known();

/// Length, first and last byte: marks within a name do not matter, so that its spellings share a slot.
#[inline]
const fn slot(len: usize, first: u8, last: u8) -> usize {
    ((first as usize | 0x20) ^ ((last as usize | 0x20) << 4)).wrapping_add(len.wrapping_mul(9)) % SLOTS
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

const fn known() -> [(Short, Name); 64] {
    let mut known = [(Short::of(b""), Name::Other); 64];
    let mut i = 0;
    while i < ALL.len() {
        known[i + 1] = (Short::of(ALL[i].1.as_bytes()), ALL[i].0);
        i += 1;
    }
    known
}

impl Name {
    /// All names that have an id, in the order of their ids, which begin at 1.
    pub fn known() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(name, _)| *name)
    }

    /// The id of `name`, in any case.
    #[inline]
    pub fn of(name: &[u8]) -> Self {
        Self::glance(name).unwrap_or_else(|| Self::judge(name).0)
    }

    /// The id of the name that `name` turns into where marks are read as hyphens, as CGI and WSGI programs read
    /// underscores, and some of them every mark; [`Name::Other`] where it turns into none, or is that name.
    pub fn of_underscored(name: &[u8]) -> Self {
        Self::chain(name)
            .find(|known| eq_folding_marks(known.as_str().as_bytes(), name))
            .filter(|known| !known.as_str().as_bytes().eq_ignore_ascii_case(name))
            .unwrap_or_default()
    }

    /// The id of `name`, and whether it could be taken for another name that a backend believes.
    #[inline]
    pub(crate) fn judge(name: &[u8]) -> (Self, bool) {
        match Self::glance(name) {
            Some(known) => (known, false),
            None => Self::judge_closely(name),
        }
    }

    fn judge_closely(name: &[u8]) -> (Self, bool) {
        let exact = Self::chain(name).find(|known| known.as_str().as_bytes().eq_ignore_ascii_case(name));
        match exact {
            Some(known) => (known, false),
            None => (Self::Other, NameSet::BELIEVED.contains(Self::of_underscored(name))),
        }
    }

    /// The id of `name`, where one look is enough to tell: it is the first of its slot, or there is none.
    #[inline]
    pub(crate) fn glance(name: &[u8]) -> Option<Self> {
        let (Some(&first), Some(&last)) = (name.first(), name.last()) else { return Some(Self::Other) };
        let index = TABLE[slot(name.len(), first, last)];
        if index == 0 {
            return Some(Self::Other);
        }
        let (text, known) = &KNOWN[usize::from(index) % KNOWN.len()];
        text.is(name).then_some(*known)
    }

    /// The names that may share a slot with `name`.
    fn chain(name: &[u8]) -> impl Iterator<Item = Self> {
        let ends = name.first().zip(name.last());
        let mut at = ends.map(|(first, last)| slot(name.len(), *first, *last));
        std::iter::from_fn(move || {
            let index = usize::from(TABLE[at? % SLOTS]);
            at = at.map(|at| at + 1).filter(|_| index != 0);
            (index != 0).then(|| KNOWN[index % KNOWN.len()].1)
        })
    }

    /// The name in lower case; empty for [`Name::Other`].
    pub fn as_str(self) -> &'static str {
        (self as usize).checked_sub(1).and_then(|index| ALL.get(index)).map_or("", |(_, text)| text)
    }
}

/// True where the names are one when case is ignored and every mark is read as a hyphen.
pub(crate) fn eq_folding_marks(known: &[u8], name: &[u8]) -> bool {
    let fold = |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' };
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
    .union(Self::CLIENT_CERT)
    .union(Self::HOP_BY_HOP);

    /// Fields that tell who a client is by its certificate: only who has verified that may say it. RFC 9440.
    pub const CLIENT_CERT: Self = Self::of(&[
        Name::ClientCert,
        Name::ClientCertChain,
        Name::XClientCertSubject,
        Name::XClientCertSan,
        Name::XClientCertFingerprint,
    ]);

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

    /// `name` alone, if it is in this set.
    #[inline]
    pub(crate) const fn and(self, name: Name) -> Self {
        Self(self.0 & 1 << name as u8)
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
