//! Frames as they are on the wire: RFC 9113 section 4.1.

use std::fmt;

use crate::frames::{Fields, flag, kind};

/// How many bytes stand before the payload.
const HEAD: usize = 9;

/// A frame. Its length on the wire is that of its payload, whatever the payload is.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// One of [`kind`].
    pub kind: u8,
    /// Some of [`flag`].
    pub flags: u8,
    /// The stream; the highest bit is sent as it is.
    pub stream: u32,
    /// What comes behind.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Any frame.
    pub fn new(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Self {
        Self { kind, flags, stream, payload: payload.as_ref().to_vec() }
    }

    /// DATA, after which more will come.
    pub fn data(stream: u32, bytes: impl AsRef<[u8]>) -> Self {
        Self::new(kind::DATA, 0, stream, bytes)
    }

    /// HEADERS with all of these fields, after which a body will come.
    pub fn headers(stream: u32, fields: &Fields) -> Self {
        Self::block(stream, fields.block())
    }

    /// HEADERS with a field block as it is.
    pub fn block(stream: u32, block: impl AsRef<[u8]>) -> Self {
        Self::new(kind::HEADERS, flag::END_HEADERS, stream, block)
    }

    /// CONTINUATION with the last part of a field block.
    pub fn continuation(stream: u32, block: impl AsRef<[u8]>) -> Self {
        Self::new(kind::CONTINUATION, flag::END_HEADERS, stream, block)
    }

    /// PRIORITY: the stream depends upon another one, with this weight less one.
    pub fn priority(stream: u32, dependency: u32, weight: u8) -> Self {
        Self::new(kind::PRIORITY, 0, stream, priority(dependency, weight))
    }

    /// RST_STREAM.
    pub fn reset(stream: u32, code: u32) -> Self {
        Self::new(kind::RST_STREAM, 0, stream, code.to_be_bytes())
    }

    /// SETTINGS: identifiers and values.
    pub fn settings(settings: &[(u16, u32)]) -> Self {
        let one = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
        Self::new(kind::SETTINGS, 0, 0, settings.iter().flat_map(one).collect::<Vec<u8>>())
    }

    /// The answer to SETTINGS.
    pub fn settings_ack() -> Self {
        Self::new(kind::SETTINGS, flag::ACK, 0, [])
    }

    /// PING.
    pub fn ping(bytes: [u8; 8]) -> Self {
        Self::new(kind::PING, 0, 0, bytes)
    }

    /// The answer to PING.
    pub fn pong(bytes: [u8; 8]) -> Self {
        Self::new(kind::PING, flag::ACK, 0, bytes)
    }

    /// GOAWAY: streams above the last one were not looked at.
    pub fn goaway(last: u32, code: u32) -> Self {
        Self::new(kind::GOAWAY, 0, 0, [last.to_be_bytes(), code.to_be_bytes()].concat())
    }

    /// WINDOW_UPDATE.
    pub fn window_update(stream: u32, increment: u32) -> Self {
        Self::new(kind::WINDOW_UPDATE, 0, stream, increment.to_be_bytes())
    }

    /// With END_STREAM.
    #[must_use]
    pub fn end(self) -> Self {
        self.with(flag::END_STREAM)
    }

    /// With more flags.
    #[must_use]
    pub fn with(mut self, flags: u8) -> Self {
        self.flags |= flags;
        self
    }

    /// Without END_HEADERS: CONTINUATION follows.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.flags &= !flag::END_HEADERS;
        self
    }

    /// With padding of so many bytes.
    #[must_use]
    pub fn padded(mut self, count: u8) -> Self {
        self.payload.insert(0, count);
        self.payload.extend(vec![0; count.into()]);
        self.with(flag::PADDED)
    }

    /// HEADERS with a priority before the field block.
    #[must_use]
    pub fn depending(mut self, dependency: u32, weight: u8) -> Self {
        self.payload.splice(..0, priority(dependency, weight));
        self.with(flag::PRIORITY)
    }

    /// All its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).expect("a frame has a length of 24 bits");
        let mut bytes = Vec::with_capacity(HEAD + self.payload.len());
        bytes.extend_from_slice(&length.to_be_bytes()[1..]);
        bytes.extend_from_slice(&[self.kind, self.flags]);
        bytes.extend_from_slice(&self.stream.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Takes a frame from what has been read, once it is there as a whole.
    pub(crate) fn take(unread: &mut Vec<u8>) -> Option<Self> {
        let &[high, middle, low, kind, flags, a, b, c, d] = unread.first_chunk::<HEAD>()?;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        let payload = unread.get(HEAD..HEAD + length)?.to_vec();
        unread.drain(..HEAD + length);
        // RFC 9113 section 4.1: the highest bit is reserved.
        let stream = u32::from_be_bytes([a, b, c, d]) & 0x7fff_ffff;
        Some(Self { kind, flags, stream, payload })
    }

    /// Whether it has a flag.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number of 32 bits that begins at a byte of the payload.
    #[track_caller]
    pub(crate) fn number(&self, at: usize) -> u32 {
        let bytes = self.payload.get(at..).and_then(<[u8]>::first_chunk);
        u32::from_be_bytes(*bytes.unwrap_or_else(|| panic!("{self:?} is too short")))
    }

    /// What stands between the padding length and the padding; of HEADERS, behind the priority.
    #[track_caller]
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut content = self.payload.clone();
        if self.has(flag::PADDED) {
            let padding = usize::from(content.remove(0));
            content.truncate(content.len().checked_sub(padding).expect("the padding fits"));
        }
        if self.kind == kind::HEADERS && self.has(flag::PRIORITY) {
            content.drain(..5);
        }
        content
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, flags, stream, payload } = self;
        write!(f, "frame {kind:#x} flags {flags:#x} stream {stream}, {} bytes", payload.len())
    }
}

/// Frames one behind the other, to be sent at once.
pub fn bytes_of(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::bytes).collect()
}

fn priority(dependency: u32, weight: u8) -> Vec<u8> {
    [&dependency.to_be_bytes()[..], &[weight]].concat()
}
