#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod context;
mod needs;
mod strategy;

mod hash;
mod load;

mod draw;

mod consistent_hash;
mod first;
mod least_latency;
mod least_requests;
mod random;
mod round_robin;
mod sticky;

mod registry;

#[cfg(any(test, feature = "test-util"))]
pub mod conformance;

pub use backend::{BackendView, Weight};
pub use consistent_hash::ConsistentHash;
pub use context::{Loads, NoLoads, PickContext, Tried};
pub use first::First;
pub use hash::{hash_of, token_of};
pub use least_latency::LeastLatency;
pub use least_requests::LeastRequests;
pub use load::PeakEwma;
pub use needs::Needs;
pub use random::Random;
pub use registry::Registry;
pub use round_robin::RoundRobin;
pub use sticky::Sticky;
pub use strategy::{FromFn, Picker, Strategy, from_fn};
