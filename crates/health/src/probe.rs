//! What is asked of a backend that is dead.

use std::{error::Error, future::Future, pin::Pin};

/// The future of one probe.
pub type ProbeFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ProbeError>> + Send + 'a>>;

/// Finds out whether a backend can be used again, for instance by connecting to it.
///
/// The [`Monitor`](crate::Monitor) bounds the time of a probe, so an implementation needs no limit of its
/// own. A probe that is no longer wanted is dropped.
///
/// ```
/// use health::{Probe, ProbeError, ProbeFuture};
/// use std::net::SocketAddr;
///
/// struct TcpConnect;
///
/// impl Probe<SocketAddr> for TcpConnect {
///     fn probe<'a>(&'a self, key: &'a SocketAddr) -> ProbeFuture<'a> {
///         Box::pin(async move {
///             tokio::net::TcpStream::connect(key).await.map(drop).map_err(ProbeError::failed)
///         })
///     }
/// }
/// ```
pub trait Probe<K>: Send + Sync + 'static {
    /// One probe of the backend of this key; `Ok` means that it can be used.
    ///
    /// # Errors
    ///
    /// Any error but [`ProbeError::Gone`] counts as a failed probe.
    fn probe<'a>(&'a self, key: &'a K) -> ProbeFuture<'a>;
}

/// Why a probe did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// There is no backend of that key any more; the monitor forgets it.
    #[error("the backend is gone")]
    Gone,
    /// The backend cannot be used.
    #[error("probe failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// No answer in time.
    #[error("probe timed out")]
    TimedOut,
}

impl ProbeError {
    /// A probe that failed for this cause: an error of the probe's own, or a text.
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}
