#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod certificate;
mod certificates;
mod client;
mod client_auth;
mod server;
mod tickets;

mod date;
mod name;
mod protocol;
mod provider;

#[doc(hidden)]
pub mod fuzz;

pub use certificate::{Certificate, CertificateError, KeyKind};
pub use certificates::{Certificates, Served};
pub use client::{
    Alert, Client, ClientError, ClientSettings, ClientStream, ConnectFailure, Identity, Pin, PinError, Roots,
    failure_of,
};
pub use client_auth::{ClientAuth, ClientAuthError, ClientAuthMode, ClientIdentity};
pub use protocol::Protocol;
pub use server::{
    HandshakeFailure, Hosts, Obtain, Server, ServerSettings, ServerStream, Session, SettingsError,
    TlsVersion, UnknownName,
};
pub use tickets::{TicketKeys, TicketKeysError};
