//! What is asked of a backend that is dead.

use std::{future::Future, io, pin::Pin};
use thiserror::Error;

/// The future of one probe.
pub type ProbeFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ProbeError>> + Send + 'a>>;

/// Finds out whether a backend can be used again, for instance by connecting to it.
///
/// The [`Monitor`](crate::Monitor) bounds the time of a probe, so an implementation needs no limit of its own. A probe that is no longer wanted is
/// dropped. The key is lent for the call only: what the future needs of it is looked up or copied before it is returned.
///
/// ```
/// use health::{Probe, ProbeError, ProbeFuture};
/// use std::net::SocketAddr;
///
/// struct TcpConnect;
///
/// impl Probe<SocketAddr> for TcpConnect {
///     fn probe(&self, key: &SocketAddr) -> ProbeFuture<'_> {
///         let address = *key;
///         Box::pin(async move { tokio::net::TcpStream::connect(address).await.map(drop).map_err(ProbeError::Connect) })
///     }
/// }
/// ```
pub trait Probe<K>: Send + Sync + 'static {
    /// One probe of the backend of this key; `Ok` means that it can be used.
    ///
    /// # Errors
    ///
    /// Any error but [`ProbeError::Gone`] counts as a failed probe.
    fn probe(&self, key: &K) -> ProbeFuture<'_>;
}

/// Why a probe did not succeed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// There is no backend of that key any more; the monitor forgets it.
    #[error("the backend is gone")]
    Gone,
    /// No connection could be made, or it broke.
    #[error("connection failed")]
    Connect(#[source] io::Error),
    /// The answer was not the expected one.
    #[error("unexpected answer")]
    Rejected,
    /// No answer in time.
    #[error("probe timed out")]
    TimedOut,
}
