//! Byte buffers, leased from a pool of the thread and given back as soon as they are empty.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// What a buffer holds at first; enough for nearly every head.
pub(crate) const SMALL: usize = 16 * 1024;
/// What it grows to when it was filled, and again.
const MEDIUM: usize = 64 * 1024;
const LARGE: usize = 256 * 1024;

/// How many buffers of each size a thread keeps: 4 MiB of small ones, as much of the others together.
const KEPT: [usize; 3] = [256, 32, 8];

/// How many of each size a thread keeps that it has no use for.
const SPARE: [usize; 3] = [16, 2, 0];

thread_local! {
    static POOL: RefCell<[Kept; 3]> = const { RefCell::new([Kept::NONE, Kept::NONE, Kept::NONE]) };
}

/// The unused buffers of one size.
struct Kept {
    buffers: Vec<Vec<u8>>,
    /// The fewest that there were since the last trimming: so many were never needed.
    fewest: usize,
}

impl Kept {
    const NONE: Self = Self { buffers: Vec::new(), fewest: 0 };

    fn take(&mut self) -> Option<Vec<u8>> {
        let taken = self.buffers.pop();
        self.fewest = self.fewest.min(self.buffers.len());
        taken
    }
}

/// Frees those of the thread's buffers that nothing needed since the last call. Returns how many bytes they had at least.
pub(crate) fn trim() -> usize {
    let trimmed = POOL.try_with(|pool| {
        let mut bytes = 0;
        for ((kept, spare), size) in pool.borrow_mut().iter_mut().zip(SPARE).zip([SMALL, MEDIUM, LARGE]) {
            let unneeded = kept.fewest.saturating_sub(spare);
            kept.buffers.truncate(kept.buffers.len() - unneeded);
            kept.fewest = kept.buffers.len();
            bytes += unneeded * size;
        }
        bytes
    });
    trimmed.unwrap_or_default()
}

const fn class(capacity: usize) -> usize {
    match capacity {
        ..MEDIUM => 0,
        MEDIUM..LARGE => 1,
        _ => 2,
    }
}

fn lease(class: usize) -> Vec<u8> {
    let kept = POOL.try_with(|pool| pool.borrow_mut().get_mut(class).and_then(Kept::take)).ok().flatten();
    kept.unwrap_or_else(|| Vec::with_capacity([SMALL, MEDIUM, LARGE].get(class).copied().unwrap_or(SMALL)))
}

fn give_back(mut bytes: Vec<u8>) {
    let class = class(bytes.capacity());
    // One that grew past the largest size on a detour is not worth keeping, nor is one that is too small.
    if bytes.capacity() < SMALL || bytes.capacity() > 2 * LARGE {
        return;
    }
    bytes.clear();
    let _ = POOL.try_with(|pool| {
        if let Some(kept) = pool.borrow_mut().get_mut(class)
            && kept.buffers.len() < KEPT.get(class).copied().unwrap_or(0)
        {
            kept.buffers.push(bytes);
        }
    });
}

/// Bytes that were read and not yet used, or written and not yet sent. Without bytes it needs no memory.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: u32,
    /// The last read filled it: the next one may get a larger one.
    was_filled: bool,
    /// Nobody takes what was read.
    is_held_back: bool,
}

impl Buffer {
    /// What stands in it.
    #[inline]
    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start as usize..).unwrap_or_default()
    }

    /// What stands in it, to be decoded in place.
    #[inline]
    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.start as usize..).unwrap_or_default()
    }

    /// How many bytes stand in it.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start as usize
    }

    /// True where nothing stands in it.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True where it has memory, be it empty.
    #[cfg(test)]
    pub(crate) fn has_memory(&self) -> bool {
        self.bytes.capacity() != 0
    }

    /// Forgets the first `count` bytes.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        // A buffer never holds 4 GiB: its memory is bounded by its largest class and what one head may take.
        self.start += count.min(self.len()) as u32;
        if self.start as usize == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// The memory to append to. It is leased where there was none.
    #[inline]
    pub(crate) fn appender(&mut self) -> &mut Vec<u8> {
        if self.bytes.capacity() == 0 {
            self.bytes = lease(0);
        }
        &mut self.bytes
    }

    /// Gives the memory back where nothing stands in it.
    #[inline]
    pub(crate) fn release(&mut self) {
        if self.bytes.capacity() != 0 && self.is_empty() {
            give_back(std::mem::take(&mut self.bytes));
            self.start = 0;
            self.was_filled = false;
        }
    }

    /// Keeps the first `count` bytes here and returns what stands behind them.
    pub(crate) fn split_off(&mut self, count: usize) -> Self {
        let mut rest = Self::default();
        let from = self.start as usize + count.min(self.len());
        if let Some(tail) = self.bytes.get(from..)
            && !tail.is_empty()
        {
            rest.appender().extend_from_slice(tail);
        }
        self.bytes.truncate(from);
        rest
    }

    /// Reads more behind what stands in it. Memory is leased inside the poll and given back where nothing
    /// came, so that waiting costs none.
    pub(crate) fn poll_read<R: AsyncRead + Unpin>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let read = poll_read_buf(Pin::new(reader), cx, &mut self.bytes);
        match read {
            Poll::Ready(Ok(_)) => self.was_filled = self.bytes.len() == self.bytes.capacity(),
            Poll::Ready(Err(_)) | Poll::Pending => self.release(),
        }
        read
    }

    /// The next read gets no more room than the first had.
    pub(crate) fn hold_back(&mut self) {
        self.was_filled = false;
        self.is_held_back = true;
    }

    fn make_room(&mut self) {
        if self.is_held_back && self.bytes.is_empty() {
            self.is_held_back = false;
            if self.bytes.capacity() >= MEDIUM {
                give_back(std::mem::take(&mut self.bytes));
            }
        }
        let capacity = self.bytes.capacity();
        if capacity == 0 {
            self.bytes = lease(0);
        } else if self.was_filled && capacity < LARGE {
            let mut larger = lease(class(capacity) + 1);
            larger.extend_from_slice(self.unread());
            give_back(std::mem::replace(&mut self.bytes, larger));
            self.start = 0;
            self.was_filled = false;
        } else if self.start > 0 {
            self.bytes.drain(..self.start as usize);
            self.start = 0;
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.bytes.clear();
        self.start = 0;
        self.release();
    }
}

#[cfg(test)]
mod tests;
