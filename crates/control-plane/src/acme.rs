//! Certificates from an authority that speaks ACME (RFC 8555): issued, renewed, and served.
//!
//! An [`Issuer`] is one future on the control plane's runtime. It keeps a certificate of its own for each name: it serves
//! what is on the disk, orders what is missing, and renews ahead of time, when the authority suggests it (RFC 9773) or else
//! when a third of the lifetime is left. Control of a name is shown by HTTP-01 or TLS-ALPN-01. What fails is tried again,
//! at growing distances.
//!
//! What is due is decided by pure code, which is told the time (`roster`, `schedule`, `lobby`); the issuer does it.

mod settings;

mod issuer;
mod shared;
mod status;

mod agenda;
mod roster;
mod schedule;

mod lobby;
mod name;
mod on_demand;
mod permission;

mod account;
mod attempt;
mod challenge;
mod failure;
mod order;
mod renewal_info;

mod blocking;
mod lock;
mod store;

mod clock;
mod dial;
mod exchange;
mod insist;
mod wire;

pub use challenge::Http01;
pub use issuer::{Domains, Issuer, Parts};
pub use on_demand::{ObtainError, OnDemand};
pub use settings::{AcmeSettings, ChallengeKind, ExternalAccount, SettingsError};
pub use status::{DomainState, DomainStatus, LastError, Status};
