//! The record that one request carries of each decision made about it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::reason::Reason;

/// So many attempts are recorded; the rest are counted only.
const RECORDED: usize = 4;

/// What became of one attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// The backend's place in its upstream.
    pub backend: usize,
    /// True where the connection had been used before.
    pub reused: bool,
    /// Why it failed; `None` where it was answered.
    pub failed: Option<Reason>,
    /// The status of its answer; 0 where it failed.
    pub status: u16,
}

/// The record of one request. Small, of fixed size, and written as the request goes on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trace {
    /// When the head was whole.
    pub began: Instant,
    /// The request's id, a UUID unless a trusted proxy gave another.
    pub request_id: RequestId,
    /// The client's address, as far as trusted proxies tell it.
    pub client: IpAddr,
    /// How long the request waited for its turn.
    pub queue: Duration,
    /// How long making connections took, over all attempts.
    pub connect: Duration,
    /// From the beginning until the head of the answer.
    pub first_byte: Option<Duration>,
    /// The first attempts.
    pub attempts: [AttemptRecord; RECORDED],
    /// How many attempts there were.
    pub attempt_count: u32,
    /// Why the proxy answered itself, or why the exchange broke off.
    pub reason: Option<Reason>,
    /// The status that the client got.
    pub status: u16,
    /// Bytes of the request's body that were passed on.
    pub bytes_in: u64,
    /// Bytes of the response's body that were passed on.
    pub bytes_out: u64,
    /// When another try may do better, where that is known.
    pub retry_after: Option<Duration>,
    /// The names of the upstream and the backend that were asked last, where somebody wants to know.
    pub(crate) asked: Option<Box<(String, String)>>,
}

impl Trace {
    pub(crate) fn new(began: Instant, client: IpAddr) -> Self {
        Self {
            began,
            request_id: RequestId::default(),
            client,
            queue: Duration::ZERO,
            connect: Duration::ZERO,
            first_byte: None,
            attempts: [AttemptRecord::default(); RECORDED],
            attempt_count: 0,
            reason: None,
            status: 0,
            bytes_in: 0,
            bytes_out: 0,
            retry_after: None,
            asked: None,
        }
    }

    pub(crate) fn attempted(&mut self, record: AttemptRecord) {
        if let Some(place) = self.attempts.get_mut(self.attempt_count as usize) {
            *place = record;
        }
        self.attempt_count += 1;
    }
}

/// A request's id: at most 64 bytes of visible ASCII.
#[derive(Clone, Copy)]
pub struct RequestId {
    bytes: [u8; Self::MOST],
    len: u8,
}

impl RequestId {
    /// How long an id that a trusted proxy gave may be.
    pub(crate) const MOST: usize = 64;

    /// An id that was given; `None` where it is empty, too long, or holds anything but visible ASCII.
    pub(crate) fn given(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > Self::MOST || !text.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let mut bytes = [0; Self::MOST];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, len: text.len() as u8 })
    }

    /// A UUID of version 7. RFC 9562 section 5.7.
    #[inline]
    pub(crate) fn made(unix_millis: u64, entropy: &[u8; 10]) -> Self {
        let uuid = uuid::Builder::from_unix_timestamp_millis(unix_millis, entropy).into_uuid();
        let mut bytes = [0; Self::MOST];
        let len = uuid.hyphenated().encode_lower(&mut bytes).len();
        Self { bytes, len: len as u8 }
    }

    /// The id as text.
    #[inline]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self { bytes: [0; Self::MOST], len: 0 }
    }
}

impl std::fmt::Debug for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
