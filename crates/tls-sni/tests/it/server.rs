//! TLS with clients, which are rustls's own here, or bytes written by hand.

mod admits;
mod challenge;
mod changes;
mod client_auth;
mod hostile;
mod identity;
mod names;
mod obtain;
mod parameters;
mod rig;
mod tickets;
mod walk;
