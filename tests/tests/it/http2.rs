//! HTTP/2 with clients and with backends, in raw frames.

mod case;
mod conformance;
