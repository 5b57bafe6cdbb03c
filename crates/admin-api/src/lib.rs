#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod caller;
mod problem;

pub use caller::{Caller, Role};
pub use problem::Problem;
