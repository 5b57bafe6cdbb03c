//! TLS with clients.

mod hello;
mod place;

mod changes;
mod clients;
mod documents;
mod hostile;
mod misdirected;
mod names;
mod plain;
mod protocols;
mod relayed;
mod resumption;
