//! Listeners that relay bytes, and connections that are passed on by the name that their TLS asks for.

mod place;

mod backends;
mod beginnings;
mod endings;
mod passages;
mod relayed;
mod secure;
