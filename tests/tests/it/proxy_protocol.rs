//! The PROXY protocol, on both sides.

pub(crate) mod header;

mod before_tls;
mod believed;
mod bounds;
mod refused;
mod sent;
