//! Where TLS and the engine meet: the engine names no TLS library, and the TLS of `tls-sni` knows no engine.

mod client_fields;
mod secure;
mod terminate;

pub(crate) use secure::BackendTls;
pub(crate) use terminate::Termination;
