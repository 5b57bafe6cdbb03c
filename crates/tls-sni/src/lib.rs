#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod certificate;
mod certificates;
mod date;
mod name;
mod protocol;
mod provider;

pub use certificate::{Certificate, CertificateError, KeyKind};
pub use certificates::{Certificates, Served};
pub use protocol::Protocol;
