#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backoff;
mod mark;

mod monitor;
mod probe;
mod settings;

pub use backoff::Backoff;
pub use mark::{Mark, Moment, State, Transition};
pub use monitor::{Key, Monitor, Reporter};
pub use probe::{Probe, ProbeError, ProbeFuture};
pub use settings::Settings;
