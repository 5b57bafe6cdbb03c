//! Certificates that somebody puts while the proxy runs.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use tls_sni::{Certificate, CertificateError, Served};
use zeroize::Zeroizing;

use super::{Keeper, Shared};
use crate::certificates::domain::{Domain, DomainError};
use crate::certificates::file::LARGEST;
use crate::certificates::load::Item;
use crate::certificates::sections;
use crate::certificates::source::{Origin, Source};
use crate::certificates::status::Summary;
use crate::certificates::store;

/// Why a certificate cannot be put. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// Certificates are for names.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// Chain and key are not what can be served.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It is for other names.
    #[error("the certificate is for {}, not for {domain}", names.join(", "))]
    NotCovered {
        /// The name that it was put for.
        domain: String,
        /// The names that it is for.
        names: Vec<String>,
    },
    /// It has too many bytes.
    #[error("chain and key together are larger than {} kB", LARGEST >> 10)]
    TooLarge,
    /// It would not be the same if it were read again: its lines are not those of PEM.
    #[error(
        "chain and key are not in the form that PEM has, with each section's first and last line for itself"
    )]
    Form,
    /// It would not outlive the process, as it should.
    #[error("the certificate cannot be kept in {}", path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// Why it cannot be written.
        #[source]
        source: io::Error,
    },
}

/// Why a certificate cannot be removed. It is still served then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// Certificates are for names.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// It would be there again after a restart.
    #[error("the certificate's file {} cannot be removed", path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// Why it cannot be removed.
        #[source]
        source: io::Error,
    },
}

impl Keeper {
    /// Serves a certificate, PEM, in place of what was put for that domain before; under the id `store:<domain>`, for all the names
    /// that it is for. It is served after a restart too, where there is a directory for that.
    ///
    /// Writes a file where there is a directory, and returns once it is safe on the disk: nothing for a worker's thread.
    ///
    /// # Errors
    /// Why it is not served; nothing has changed then.
    pub fn put(&self, domain: &str, chain: &[u8], key: &[u8]) -> Result<Summary, PutError> {
        let shared = &*self.shared;
        let domain = Domain::parse(domain)?;
        let (certificate, text) = shared.checked(&domain, chain, key)?;
        let _storing = shared.storing.lock().unwrap_or_else(PoisonError::into_inner);
        let source = shared.kept(&domain, text)?;
        let served = Served::new(certificate);
        let summary = Summary::of(&served);
        let item = Item { source: Arc::new(source), stamps: [None; 2], result: Ok(served) };
        shared.tell_each(&shared.change(|book, at| book.store(vec![item], at)));
        Ok(summary)
    }

    /// Serves what was put for a domain no longer, and forgets it. False where nothing was put for it.
    ///
    /// Writes to the disk where there is a directory: nothing for a worker's thread.
    ///
    /// # Errors
    /// Why it is still served.
    pub fn remove(&self, domain: &str) -> Result<bool, RemoveError> {
        let shared = &*self.shared;
        let domain = Domain::parse(domain)?;
        let _storing = shared.storing.lock().unwrap_or_else(PoisonError::into_inner);
        let was_kept = match &shared.store {
            Some(store) => store
                .remove(&domain)
                .map_err(|source| RemoveError::Store { path: store.path(&domain), source })?,
            None => false,
        };
        let id = store::id(&domain);
        let was_served = shared.book().remove(&id);
        shared.certificates.remove(&id);
        if was_kept || was_served {
            tracing::info!(id, "certificate is not served any more");
        }
        Ok(was_kept || was_served)
    }
}

impl Shared {
    /// The certificate, and its text as it is kept.
    fn checked(
        &self,
        domain: &Domain,
        chain: &[u8],
        key: &[u8],
    ) -> Result<(Certificate, Zeroizing<Vec<u8>>), PutError> {
        // Their text, joined, has at most a line's end more for each.
        if (chain.len() + key.len() + 2) as u64 > LARGEST {
            return Err(PutError::TooLarge);
        }
        let now = self.now();
        let certificate = Certificate::parse(chain, key, now)?;
        if !certificate.covers(domain.as_str()) {
            let names = certificate.names().to_vec();
            return Err(PutError::NotCovered { domain: domain.to_string(), names });
        }
        let text = sections::join(chain, key);
        // It is read from that text at the next start.
        match Certificate::parse(&text, &text, now) {
            Ok(again) if again == certificate => Ok((certificate, text)),
            _ => Err(PutError::Form),
        }
    }

    /// Keeps it where it outlives the process, if anywhere.
    fn kept(&self, domain: &Domain, text: Zeroizing<Vec<u8>>) -> Result<Source, PutError> {
        let Some(store) = &self.store else {
            return Ok(Source::new(store::id(domain), Origin::Pem(text), None));
        };
        let written = store.write(domain, &text);
        written.map_err(|source| PutError::Store { path: store.path(domain), source })?;
        Ok(store.source(domain))
    }
}
