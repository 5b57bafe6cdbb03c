//! Heads of frames, found in bytes that pass by. Pure.

use super::block::Block;

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
/// The flag PADDED of DATA and HEADERS.
const PADDED: u8 = 0x8;
/// The flag PRIORITY of HEADERS.
const PRIORITY: u8 = 0x20;

const HEAD: usize = 9;
/// `:status` with 200, 204, 206, 304, 400, 404 and 500.
const FINAL: std::ops::RangeInclusive<u8> = 0x88..=0x8e;
/// So many streams with malformed trailers are remembered; each is over as soon as its request is.
const MOST_MALFORMED: usize = 1024;

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

/// What is looked at beside the heads of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Interest {
    #[default]
    Nothing,
    /// Trailers of requests that hold pseudo-headers.
    Requests,
    /// Heads of answers that may be interim.
    Answers,
}

/// Finds the heads of frames in a byte stream, however it is cut.
#[derive(Debug, Default)]
pub(super) struct Frames {
    interest: Interest,
    head: [u8; HEAD],
    /// How many frames have begun, the continuations of a head not counted.
    begun: u32,
    /// The one at hand is DATA.
    is_data: bool,
    have: usize,
    /// Bytes that belong to no head: what is left of a payload, or of the preface.
    skipped: usize,
    /// HEADERS came, and not all of its CONTINUATIONs. RFC 9113 section 4.3.
    is_in_head: bool,
    /// The newest stream that HEADERS came for. RFC 9113 section 5.1.1.
    newest: u32,
    /// Trailers that pass by; hardly any request has them.
    trailers: Option<Box<Trailers>>,
    /// Streams whose trailers are malformed.
    malformed: Vec<u32>,
    /// Bytes of a payload before the first one of a block, where that is still to come.
    before_block: Option<usize>,
    doubtful: u32,
}

/// The fields that come for a stream which had some already.
#[derive(Debug)]
struct Trailers {
    stream: u32,
    block: Block,
    /// Bytes of the payload before the block: padding's length, and priority.
    before: usize,
    /// Bytes of the payload behind the block, where that is known.
    padding: usize,
    is_padded: bool,
}

impl Trailers {
    /// Bytes of a payload pass by, of which `left` are still to come.
    fn pass(&mut self, mut bytes: &[u8], left: usize) {
        if std::mem::take(&mut self.is_padded) {
            self.padding = usize::from(bytes.first().copied().unwrap_or_default());
        }
        let before = self.before.min(bytes.len());
        self.before -= before;
        bytes = bytes.get(before..).unwrap_or_default();
        let padding = self.padding.saturating_sub(left);
        self.block.pass(bytes.get(..bytes.len().saturating_sub(padding)).unwrap_or_default());
    }
}

impl Frames {
    /// Those behind so many bytes that are no frame.
    pub(super) fn behind(preface: usize, interest: Interest) -> Self {
        Self { skipped: preface, interest, ..Self::default() }
    }

    /// True where the trailers of that stream are malformed.
    pub(super) fn has_malformed(&self, stream: u32) -> bool {
        self.malformed.contains(&stream)
    }

    /// How many first heads of streams have come that may be interim answers: a final one mostly begins with its status
    /// as a number of one byte. RFC 7541 appendix A.
    pub(super) const fn doubtful(&self) -> u32 {
        self.doubtful
    }

    /// That stream is over.
    pub(super) fn forget(&mut self, stream: u32) {
        self.malformed.retain(|malformed| *malformed != stream);
    }

    /// The number of what has begun and is not whole: a frame, or the field section of a message; `None` between them.
    /// DATA may take its time: whoever waits for a body judges that.
    pub(super) const fn amid(&self) -> Option<u32> {
        if self.is_in_head || (self.skipped > 0 && !self.is_data) {
            Some(self.begun)
        } else if self.have > 0 {
            Some(self.begun + 1)
        } else {
            None
        }
    }

    /// How many frames have begun, and how many have passed as a whole.
    pub(super) const fn counts(&self) -> (u32, u32) {
        (self.begun, if self.skipped == 0 { self.begun } else { self.begun.wrapping_sub(1) })
    }

    /// Tells `see` of each frame whose head ends in `bytes`, with its number.
    #[inline]
    pub(super) fn pass(&mut self, mut bytes: &[u8], mut see: impl FnMut(u32, Frame)) {
        loop {
            let passed = self.skipped.min(bytes.len());
            self.skipped -= passed;
            if passed > 0
                && let Some(before) = &mut self.before_block
            {
                match bytes.get(..passed).and_then(|payload| payload.get(*before)) {
                    Some(first) => {
                        self.doubtful += u32::from(!FINAL.contains(first));
                        self.before_block = None;
                    }
                    None => *before -= passed,
                }
            }
            if passed > 0
                && let Some(trailers) = &mut self.trailers
            {
                trailers.pass(bytes.get(..passed).unwrap_or_default(), self.skipped);
                self.judge_trailers();
            }
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
                let frame = self.begin();
                see(self.begun, frame);
            }
        }
    }

    fn begin(&mut self) -> Frame {
        let [high, middle, low, kind, flags, stream @ ..] = self.head;
        let len = u32::from_be_bytes([0, high, middle, low]);
        let frame = Frame { kind, flags, len };
        self.have = 0;
        self.skipped = len as usize;
        self.is_data = kind == DATA;
        if kind != CONTINUATION || !self.is_in_head {
            self.begun = self.begun.wrapping_add(1);
        }
        if kind == HEADERS {
            self.begin_head(frame, u32::from_be_bytes(stream) & (u32::MAX >> 1));
        }
        if matches!(kind, HEADERS | CONTINUATION) {
            self.is_in_head = !frame.has(END_HEADERS);
        } else {
            self.trailers = None;
            self.before_block = None;
        }
        frame
    }

    fn begin_head(&mut self, frame: Frame, stream: u32) {
        let is_padded = frame.has(PADDED);
        let before = usize::from(is_padded) + if frame.has(PRIORITY) { 5 } else { 0 };
        self.trailers = None;
        match self.interest {
            Interest::Nothing => return,
            // An interim answer never ends its stream, and trailers always do.
            Interest::Answers => {
                self.before_block = (!frame.has(END_STREAM)).then_some(before);
                return;
            }
            Interest::Requests if stream > self.newest => {
                self.newest = stream;
                return;
            }
            Interest::Requests => {}
        }
        self.trailers =
            Some(Box::new(Trailers { stream, block: Block::default(), before, padding: 0, is_padded }));
    }

    fn judge_trailers(&mut self) {
        if let Some(trailers) = &self.trailers
            && trailers.block.has_pseudo()
            && self.malformed.len() < MOST_MALFORMED
        {
            self.malformed.push(trailers.stream);
            self.trailers = None;
        }
    }
}

/// What a fuzzer calls: whatever comes, and however it is cut, the same is found in it.
///
/// # Panics
/// It is not.
#[doc(hidden)]
pub fn fuzz_frames(data: &[u8]) {
    let (step, data) =
        data.split_first().map_or((1, data), |(first, rest)| (usize::from(*first).max(1), rest));
    for interest in [Interest::Nothing, Interest::Requests, Interest::Answers] {
        let found = |step: usize| {
            let mut frames = Frames::behind(0, interest);
            let mut seen = Vec::new();
            for part in data.chunks(step) {
                frames.pass(part, |number, frame| seen.push((number, frame)));
            }
            (seen, frames.amid(), frames.counts(), frames.doubtful, frames.malformed)
        };
        assert_eq!(found(step), found(data.len().max(1)), "cut into pieces of {step}, it is something else");
    }
}

#[cfg(test)]
mod tests;
