//! What a client's connection may have and do, as far as tests depend upon it.

/// Streams of one connection at the same time.
pub(crate) const STREAMS: u32 = 100;

/// Decoded bytes of one head, where each field counts for 32 bytes more than it has.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;

/// Fields of one head, once the crumbs of its cookies are joined.
pub(crate) const FIELDS: usize = 100;

/// Frames that carry no request and no body. About a thousand are in hand, and some more come back with each second and
/// with each frame that is of use: ten times as many at once are too many.
pub(crate) const CONTROL_FRAMES: usize = 10_000;

/// Streams that a client opens and resets at once. About two hundred are in hand: five times as many are too many.
pub(crate) const CLIENT_RESETS: usize = 1_000;

/// Streams that the proxy resets because of what their client did. One more is too many.
pub(crate) const LOCAL_RESETS: usize = 1_024;

/// What abusers may cost in bytes, at the time and afterwards, however often they come: what an allocator keeps is used
/// again.
pub(crate) const MEMORY: u64 = 16 << 20;

/// What may be left of that when the abusers have gone, in bytes: allocators give back by pages.
pub(crate) const LEFT: u64 = 4 << 20;
