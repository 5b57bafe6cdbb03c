#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backend;
mod context;
mod strategy;

mod random;
mod round_robin;

mod registry;

#[cfg(any(test, feature = "test-util"))]
pub mod conformance;

pub use backend::{BackendView, Weight};
pub use context::{Loads, NoLoads, PickContext, Tried};
pub use random::Random;
pub use registry::Registry;
pub use round_robin::RoundRobin;
pub use strategy::{FromFn, Picker, Strategy, from_fn};
