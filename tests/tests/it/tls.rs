//! TLS with clients.

mod place;

mod names;
