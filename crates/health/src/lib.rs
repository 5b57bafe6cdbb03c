#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backoff;
mod mark;
mod passive;
mod random;
mod streak;

mod breaker;
mod outlier;
mod ramp;
mod window;

pub mod agent;
mod judge;
mod manual;

mod checks;
mod in_flight;
mod monitor;
mod probe;
mod settings;

pub use backoff::Backoff;
pub use breaker::{Admission, Breaker, BreakerSettings, Change, Circuit, Ticket};
pub use checks::{Checks, Outcome, Watch};
pub use judge::{CheckSettings, Judge, Start};
pub use manual::{Manual, UnknownManual};
pub use mark::{Mark, Moment, State, Transition};
pub use monitor::{Key, Monitor, Reporter};
pub use outlier::{Ejection, OutlierSettings, Outliers};
pub use passive::PassiveSettings;
pub use probe::{Probe, ProbeError, ProbeFuture};
pub use ramp::Ramp;
pub use settings::Settings;
pub use window::{Counts, Window};
