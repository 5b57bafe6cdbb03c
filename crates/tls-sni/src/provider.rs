//! The one crypto provider of the process.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// aws-lc-rs, with hybrid post-quantum key exchange preferred. It is named wherever it is needed: what some other library
/// installs as the default of the process changes nothing here.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}
