//! TLS towards backends, which are rustls's own servers here, or bytes written by hand.

mod failures;
mod identity;
mod resumption;
mod rig;
mod system;
mod trust;
mod wire;
