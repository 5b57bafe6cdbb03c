//! Certificates for names that clients come up with.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::name;
use super::roster::Standing;
use super::shared::Shared;

/// Obtains certificates while handshakes wait. Cheap to clone; usable on any runtime.
#[derive(Clone)]
pub struct OnDemand {
    shared: Arc<Shared>,
}

/// Why there is no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObtainError {
    /// It is no name that certificates are issued for: an address, one label alone, or no DNS name at all.
    #[error("no certificate can be had for such a name")]
    Name,
    /// The operator does not permit it.
    #[error("the operator does not permit it")]
    Denied,
    /// The operator's endpoint does not answer.
    #[error("nobody answers whether it is permitted")]
    Unanswered,
    /// Too many names are waited for, or there are too many already.
    #[error("too many names are asked for")]
    Busy,
    /// The authority did not issue one, a moment ago or just now.
    #[error("the authority does not issue one")]
    Failed,
    /// Another instance orders certificates, and has none for that name yet.
    #[error("another instance orders certificates")]
    Elsewhere,
    /// Nobody orders certificates any more.
    #[error("certificates are not ordered any more")]
    Stopped,
}

impl OnDemand {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Ready once a certificate for that name is served. One that the operator permits is ordered; however many wait for it, it
    /// is asked for and ordered once.
    ///
    /// # Errors
    /// Why there will be none.
    ///
    /// # Cancel safety
    /// What has begun goes on when the future is dropped, so that whoever comes next finds the certificate.
    pub async fn obtain(&self, name: &str) -> Result<(), ObtainError> {
        let name = name::canonical_of_client(name).ok_or(ObtainError::Name)?;
        let now = self.shared.now();
        match self.shared.roster().standing(&name, now) {
            Standing::Held => return Ok(()),
            Standing::Failed => return Err(ObtainError::Failed),
            Standing::Coming | Standing::Unknown => {}
        }
        let answer = self.shared.lobby().wait(&name, now)?;
        self.shared.ring();
        answer.await.unwrap_or(Err(ObtainError::Stopped))
    }
}

impl tls_sni::Obtain for OnDemand {
    fn obtain<'a>(&'a self, name: &'a str) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            let outcome = OnDemand::obtain(self, name).await;
            if let Err(error) = &outcome {
                tracing::debug!(name, %error, "no certificate on demand");
            }
            outcome.is_ok()
        })
    }
}
