//! How many frames that carry nothing the other end may send. Pure: the time is an argument.
//!
//! PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, empty DATA and frames of unknown kinds cost the sender next to
//! nothing and us an answer or a look-up. Honest ones come along with messages: each frame of a message that is received
//! pays for one more, each that is sent for three, and each kilobyte that is sent for four. What is saved up and what time gives is for
//! everything else. RFC 9113 section 10.5.

use super::frames::{ACK, CONTINUATION, DATA, END_STREAM, Frame, HEADERS, RST_STREAM, SETTINGS};

/// Idle frames that may be saved up.
const MOST_FRAMES: u32 = 1_000;
/// What a tenth of a second gives.
const FRAMES_PER_TICK: u32 = 10;
/// A SETTINGS frame costs more: it is acted upon and acknowledged.
const SETTINGS_COST: u32 = 10;
/// Streams that a client may reset, saved up. CVE-2023-44487.
const MOST_RESETS: u32 = 200;
/// What a tenth of a second gives.
const RESETS_PER_TICK: u32 = 2;
/// CONTINUATIONs of one head. A head that is allowed needs five at the most.
const MOST_CONTINUATIONS: u32 = 32;

/// What a connection's other end still has.
#[derive(Debug)]
pub(super) struct Allowance {
    frames: u32,
    resets: u32,
    continuations: u32,
    /// The tick of the last refill.
    refilled: u32,
    most_resets: u32,
    is_overdrawn: bool,
}

impl Allowance {
    /// That of a client.
    pub(super) const fn of_client(now: u32) -> Self {
        Self {
            frames: MOST_FRAMES,
            resets: MOST_RESETS,
            continuations: 0,
            refilled: now,
            most_resets: MOST_RESETS,
            is_overdrawn: false,
        }
    }

    /// That of a backend, which may reset every stream that we have opened.
    pub(super) const fn of_backend(now: u32) -> Self {
        Self { resets: u32::MAX, most_resets: u32::MAX, ..Self::of_client(now) }
    }

    /// True once more came than is allowed; it stays so.
    pub(super) const fn is_overdrawn(&self) -> bool {
        self.is_overdrawn
    }

    /// A frame has come.
    #[inline]
    pub(super) fn received(&mut self, frame: Frame, now: u32) {
        match frame.kind {
            HEADERS => {
                self.continuations = 0;
                self.give(1);
            }
            DATA if frame.len > 0 || frame.has(END_STREAM) => self.give(1),
            CONTINUATION => {
                self.continuations += 1;
                self.is_overdrawn |= self.continuations > MOST_CONTINUATIONS;
            }
            RST_STREAM => {
                self.refill(now);
                self.take(1);
                match self.resets.checked_sub(1) {
                    Some(left) => self.resets = left,
                    None => self.is_overdrawn = true,
                }
            }
            SETTINGS if !frame.has(ACK) => {
                self.refill(now);
                self.take(SETTINGS_COST);
            }
            _ => {
                self.refill(now);
                self.take(1);
            }
        }
    }

    /// A frame was sent.
    #[inline]
    pub(super) fn sent(&mut self, frame: Frame) {
        if frame.kind == HEADERS || (frame.kind == DATA && frame.len > 0) {
            // Two windows may be updated for it, or for each half kilobyte of it, and a ping may come along.
            self.give(3 + frame.len / 256);
        }
    }

    /// A request was served to its end: it pays for one that is not.
    pub(super) fn completed(&mut self) {
        self.resets = self.resets.saturating_add(1).min(self.most_resets);
    }

    fn give(&mut self, frames: u32) {
        self.frames = (self.frames + frames).min(MOST_FRAMES);
    }

    fn take(&mut self, frames: u32) {
        match self.frames.checked_sub(frames) {
            Some(left) => self.frames = left,
            None => self.is_overdrawn = true,
        }
    }

    fn refill(&mut self, now: u32) {
        let ticks = now.saturating_sub(self.refilled);
        self.refilled = now;
        self.give(ticks.saturating_mul(FRAMES_PER_TICK).min(MOST_FRAMES));
        self.resets = self.resets.saturating_add(ticks.saturating_mul(RESETS_PER_TICK)).min(self.most_resets);
    }
}

#[cfg(test)]
mod tests;
