//! One request as it goes down the line: its head, what was admitted of it, and the room to work in. Leased
//! from a pool of the thread, so that a request in the steady state asks the heap for nothing.

use std::cell::RefCell;
use std::net::IpAddr;
use std::ops::{Deref, DerefMut, Range};

use http1::connection::Options;
use http1::framing::BodyLength;
use http1::{Fields, Name, RequestHead, ResponseHead};

use crate::buffer::Buffer;
use crate::deadline::Ticks;
use crate::matcher::FieldLookup;

/// How many a thread keeps.
const KEPT: usize = 256;

thread_local! {
    #[expect(clippy::vec_box, reason = "what is leased is a pointer, and not moved as a whole")]
    static POOL: RefCell<Vec<Box<Incoming>>> = const { RefCell::new(Vec::new()) };
}

/// A request and its room.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) head: RequestHead,
    /// The bytes of the head.
    pub(crate) bytes: Buffer,
    /// What was admitted.
    pub(crate) admitted: Admitted,
    /// The host in lower case, without port and final dot.
    pub(crate) host: Vec<u8>,
    /// The normalised path.
    pub(crate) path: Vec<u8>,
    /// The path that a route's rewrite made of it.
    pub(crate) rewritten: Vec<u8>,
    /// The head of the backend's answer, in the bytes of its connection.
    pub(crate) response: ResponseHead,
    /// Field lines to be written behind those that are passed on.
    pub(crate) extra: Vec<u8>,
    /// Fields that guards set, and what is left of the time of a call.
    pub(crate) set_later: Vec<(String, String)>,
    /// Field lines that have the client come back to where it was answered.
    pub(crate) cookies: Vec<u8>,
    /// What a backend must say to a WebSocket's key that is ours, not the client's.
    pub(crate) accept: Option<[u8; 28]>,
}

/// What admission made of a head.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admitted {
    /// Where the authority stands in the head's bytes: host and port as the client wrote them.
    pub(crate) authority: Range<usize>,
    /// The port of the authority.
    pub(crate) port: Option<u16>,
    /// The authority is that of an absolute target: Host must be written anew.
    pub(crate) is_absolute: bool,
    /// The target is `*`.
    pub(crate) is_asterisk: bool,
    /// Where the query stands in the head's bytes.
    pub(crate) query: Option<Range<usize>>,
    /// How long the body is.
    pub(crate) body: BodyLength,
    /// What Connection asks for.
    pub(crate) options: Options,
    /// The client waits for a 100 before it sends its body.
    pub(crate) expects_continue: bool,
    /// The client would like to speak another protocol.
    pub(crate) wants_upgrade: bool,
    /// The client takes trailers.
    pub(crate) takes_trailers: bool,
    /// The request is a gRPC call.
    pub(crate) is_call: bool,
    /// For how long the call's client waits.
    pub(crate) call_timeout: Option<Ticks>,
    /// How many more proxies the request may pass.
    pub(crate) max_forwards: Option<u64>,
    /// The client's address, as far as trusted proxies tell it.
    pub(crate) client: Option<IpAddr>,
    /// The connection is a trusted proxy's.
    pub(crate) is_trusted: bool,
}

impl Incoming {
    /// The fields.
    #[inline]
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.head.fields(self.bytes.unread())
    }

    /// The value of the first field of that name.
    #[inline]
    pub(crate) fn first(&self, name: Name) -> Option<&[u8]> {
        self.head.first(name, self.bytes.unread())
    }

    /// The authority as the client wrote it; empty where there is none.
    #[inline]
    pub(crate) fn authority(&self) -> &[u8] {
        self.bytes.unread().get(self.admitted.authority.clone()).unwrap_or_default()
    }

    /// The host in lower case.
    #[inline]
    pub(crate) fn host(&self) -> &str {
        std::str::from_utf8(&self.host).unwrap_or_default()
    }

    /// What follows the first `?`.
    #[inline]
    pub(crate) fn query(&self) -> Option<&[u8]> {
        self.admitted.query.clone().map(|query| self.bytes.unread().get(query).unwrap_or_default())
    }

    /// The method as it was sent.
    #[inline]
    pub(crate) fn method_text(&self) -> &[u8] {
        self.head.method_text(self.bytes.unread())
    }

    fn reset(&mut self) {
        self.bytes = Buffer::default();
        self.admitted = Admitted::default();
        self.set_later.clear();
        self.cookies.clear();
        self.accept = None;
        self.extra.clear();
        // A huge request's room is not kept for the small ones after it.
        for room in [&mut self.host, &mut self.path, &mut self.rewritten, &mut self.extra] {
            if room.capacity() > 4096 {
                *room = Vec::new();
            }
        }
    }
}

/// Fields as the matcher's conditions ask for them.
pub(crate) struct Lookup<'a>(pub(crate) Fields<'a>);

impl FieldLookup for Lookup<'_> {
    fn has_value(&self, lower_case_name: &str, value: &[u8]) -> bool {
        self.0.all_named(lower_case_name).any(|held| held == value)
    }
}

/// A leased [`Incoming`].
#[derive(Debug)]
pub(crate) struct Leased(Option<Box<Incoming>>);

impl Leased {
    pub(crate) fn new() -> Self {
        let kept = POOL.try_with(|pool| pool.borrow_mut().pop()).ok().flatten();
        Self(Some(kept.unwrap_or_default()))
    }
}

impl Deref for Leased {
    type Target = Incoming;

    #[inline]
    fn deref(&self) -> &Incoming {
        self.0.as_deref().unwrap_or_else(|| unreachable!("taken by Drop alone"))
    }
}

impl DerefMut for Leased {
    #[inline]
    fn deref_mut(&mut self) -> &mut Incoming {
        self.0.as_deref_mut().unwrap_or_else(|| unreachable!("taken by Drop alone"))
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some(mut incoming) = self.0.take() else { return };
        incoming.reset();
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < KEPT {
                pool.push(incoming);
            }
        });
    }
}

/// A request whose head is these lines and an empty one.
#[cfg(test)]
pub(crate) fn parsed(lines: &str) -> Incoming {
    let mut incoming = Incoming::default();
    let bytes = incoming.bytes.appender();
    bytes.extend_from_slice(lines.as_bytes());
    bytes.extend_from_slice(b"\r\n");
    let parsed = incoming.head.parse(incoming.bytes.unread(), &http1::Limits::default());
    assert!(matches!(parsed, Ok(http1::Parsed::Complete { .. })), "{parsed:?}: {lines:?}");
    incoming
}
