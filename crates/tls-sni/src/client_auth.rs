//! Certificates of clients: who is believed, and who a client turns out to be.

mod identity;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

pub use identity::ClientIdentity;

use crate::certificate::{CertificateError, certificates, revocation_lists};
use crate::provider::provider;

/// Whether clients need a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthMode {
    /// A client without one is refused.
    Required,
    /// A client may have none; a bad one is refused all the same.
    Optional,
}

/// Who vouches for clients. Cheap to clone.
#[derive(Clone)]
pub struct ClientAuth {
    pub(crate) verifier: Arc<dyn ClientCertVerifier>,
    /// Tells one rule from another: tickets and connections of one are good for nothing under another.
    pub(crate) class: u128,
    /// Whether a client without a certificate is refused.
    pub(crate) is_required: bool,
}

/// Why there can be no such rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientAuthError {
    /// The authorities cannot be read.
    #[error("the authorities of clients: {0}")]
    Authorities(CertificateError),
    /// None is there, so that no client could be believed.
    #[error("the authorities of clients: there is no certificate among them")]
    NoAuthority,
    /// A list of revoked certificates cannot be read.
    #[error("the revoked certificates: {0}")]
    Revoked(CertificateError),
    /// The rule cannot be made of them.
    #[error("client certificates cannot be verified by this: {detail}")]
    Unusable {
        /// Why not.
        detail: String,
    },
}

impl ClientAuth {
    /// Believes clients whose certificates one of these authorities has issued (PEM), unless one of these lists (PEM) has
    /// revoked them. Where there are lists, every certificate of a client's chain must be on the list of somebody who may
    /// tell; a list that is out of date still counts.
    ///
    /// # Errors
    /// What is wrong with the authorities or the lists.
    pub fn new(
        authorities: &[u8],
        revoked: &[Vec<u8>],
        mode: ClientAuthMode,
    ) -> Result<Self, ClientAuthError> {
        let mut class = Context::new(&SHA256);
        class.update(&[u8::from(mode == ClientAuthMode::Required)]);
        let mut roots = RootCertStore::empty();
        for authority in certificates(authorities).map_err(ClientAuthError::Authorities)? {
            class.update(&authority);
            roots.add(authority).map_err(unusable)?;
        }
        if roots.is_empty() {
            return Err(ClientAuthError::NoAuthority);
        }
        let mut lists = Vec::new();
        for text in revoked {
            let found = revocation_lists(text).map_err(ClientAuthError::Revoked)?;
            if found.is_empty() {
                let detail = "there is no `-----BEGIN X509 CRL-----` in it".into();
                return Err(ClientAuthError::Revoked(CertificateError::Pem { detail }));
            }
            lists.extend(found);
        }
        for list in &lists {
            class.update(list);
        }
        let builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).with_crls(lists);
        let builder = match mode {
            ClientAuthMode::Required => builder,
            ClientAuthMode::Optional => builder.allow_unauthenticated(),
        };
        let verifier = builder.build().map_err(unusable)?;
        let digest = class.finish();
        let class = digest.as_ref().first_chunk().map_or(1, |bytes| u128::from_be_bytes(*bytes));
        // 0 is the class without any rule.
        Ok(Self { verifier, class: class.max(1), is_required: mode == ClientAuthMode::Required })
    }
}

fn unusable(error: impl fmt::Display) -> ClientAuthError {
    ClientAuthError::Unusable { detail: error.to_string() }
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuth")
            .field("class", &format_args!("{:032x}", self.class))
            .finish_non_exhaustive()
    }
}

impl PartialEq for ClientAuth {
    fn eq(&self, other: &Self) -> bool {
        self.class == other.class
    }
}
