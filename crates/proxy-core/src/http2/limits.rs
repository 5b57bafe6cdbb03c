//! What one HTTP/2 connection may cost, where no setting says it. `docs/http2.md` lists all of it for operators.

/// Streams that a client has reset before we took them in. More in one go end the connection.
pub(super) const RESETS_UNSEEN: usize = 20;
/// Streams that the other end made us reset by breaking a rule. CVE-2025-8671.
pub(super) const LOCAL_RESETS: usize = 256;
/// Streams that we have reset, and about which frames may still be on their way.
pub(super) const REMEMBERED_RESETS: usize = 32;
/// Bytes of one stream's body that wait for the socket.
pub(super) const SEND_BUFFER: usize = 64 * 1024;
/// Bytes of all bodies on a connection that wait for the socket, but for one piece more.
pub(super) const UNSENT: usize = 256 * 1024;
/// Small pieces of a body are gathered up to so many bytes before they are sent.
pub(super) const GATHERED: usize = 16 * 1024;
/// A piece up to this size is small.
pub(super) const SMALL: usize = 4 * 1024;
/// So much of a body `h2` gets without being asked for room. Most bodies are small, and asking costs.
pub(super) const UNASKED: usize = 2 * 1024;
/// Bytes of all heads of requests that are being served on one connection. Streams beyond are refused, to be tried
/// again: a few bytes of compressed fields stand for many, and a stalled stream holds them.
pub(super) const HEADS: usize = 1024 * 1024;
/// Streams on one connection to a backend, whatever the backend allows.
pub(super) const STREAMS_TO_BACKEND: u32 = 100;
/// The memory for compressed fields, either way. RFC 9113 section 6.5.2.
pub(super) const TABLE: u32 = 4096;
