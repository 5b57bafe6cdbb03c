//! Heads of frames, found in bytes that pass by. Pure.

/// DATA. RFC 9113 section 6.1.
pub(super) const DATA: u8 = 0x0;
/// HEADERS.
pub(super) const HEADERS: u8 = 0x1;
/// RST_STREAM.
pub(super) const RST_STREAM: u8 = 0x3;
/// SETTINGS.
pub(super) const SETTINGS: u8 = 0x4;
/// PING.
#[cfg(test)]
pub(super) const PING: u8 = 0x6;
/// GOAWAY.
pub(super) const GOAWAY: u8 = 0x7;
/// CONTINUATION.
pub(super) const CONTINUATION: u8 = 0x9;

/// The flag END_STREAM of DATA and HEADERS; ACK of SETTINGS and PING.
pub(super) const END_STREAM: u8 = 0x1;
/// The flag ACK of SETTINGS and PING.
pub(super) const ACK: u8 = 0x1;
/// The flag END_HEADERS of HEADERS and CONTINUATION.
const END_HEADERS: u8 = 0x4;

const HEAD: usize = 9;

/// The head of a frame, as far as anybody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// Bytes of its payload.
    pub(super) len: u32,
}

impl Frame {
    pub(super) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Finds the heads of frames in a byte stream, however it is cut.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; HEAD],
    have: usize,
    /// Bytes that belong to no head: what is left of a payload, or of the preface.
    skipped: usize,
    /// HEADERS came, and not all of its CONTINUATIONs. RFC 9113 section 4.3.
    is_in_head: bool,
}

impl Frames {
    /// Those behind so many bytes that are no frame.
    pub(super) fn behind(preface: usize) -> Self {
        Self { skipped: preface, ..Self::default() }
    }

    /// True where a frame, or the field section of a message, has begun and is not whole.
    pub(super) const fn is_amid(&self) -> bool {
        self.have > 0 || self.skipped > 0 || self.is_in_head
    }

    /// Tells `see` of each frame whose head ends in `bytes`.
    #[inline]
    pub(super) fn pass(&mut self, mut bytes: &[u8], mut see: impl FnMut(Frame)) {
        loop {
            let passed = self.skipped.min(bytes.len());
            self.skipped -= passed;
            bytes = bytes.get(passed..).unwrap_or_default();
            let taken = (HEAD - self.have).min(bytes.len());
            if taken == 0 {
                return;
            }
            let (part, rest) = bytes.split_at(taken);
            if let Some(place) = self.head.get_mut(self.have..self.have + taken) {
                place.copy_from_slice(part);
            }
            self.have += taken;
            bytes = rest;
            if self.have == HEAD {
                see(self.begin());
            }
        }
    }

    fn begin(&mut self) -> Frame {
        let [high, middle, low, kind, flags, ..] = self.head;
        let len = u32::from_be_bytes([0, high, middle, low]);
        self.have = 0;
        self.skipped = len as usize;
        if matches!(kind, HEADERS | CONTINUATION) {
            self.is_in_head = flags & END_HEADERS == 0;
        }
        Frame { kind, flags, len }
    }
}

#[cfg(test)]
mod tests;
