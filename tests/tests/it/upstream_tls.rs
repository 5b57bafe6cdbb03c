//! TLS with backends.

pub(crate) mod trust;

mod checks;
mod failures;
mod identity;
mod protocols;
mod relayed;
mod resumption;
mod retries;
mod verified;
