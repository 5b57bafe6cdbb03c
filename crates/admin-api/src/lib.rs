#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod api;
mod openapi;

mod sources;

mod caller;
mod dto;
mod problem;

pub use api::{ApiSettings, router};
pub use caller::{Caller, Role};
pub use problem::Problem;
pub use sources::{EventSource, Figures, Point, Scope, StatsSource, Told};
