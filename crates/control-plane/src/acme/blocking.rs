//! Files, away from the thread that does everything else: a disk may be far away, and hang.

use std::io;

/// Does it on a thread that may wait.
///
/// # Errors
/// What it says itself, or that it panicked.
///
/// # Cancel safety
/// What has begun is done to its end.
///
/// # Tasks
/// One, which ends with the work.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
