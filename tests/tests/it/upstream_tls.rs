//! TLS with backends.

mod both;
pub(crate) mod trust;

mod checks;
mod ends;
mod failures;
mod identity;
mod protocols;
mod relayed;
mod resumption;
mod retries;
mod verified;
