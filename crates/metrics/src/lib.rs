#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod figures;
mod settings;
mod tracker;

mod entry;
mod series;
mod sketch;
mod timeline;

pub use figures::{Figures, Point, Scope};
pub use settings::Settings;
pub use tracker::Tracker;
