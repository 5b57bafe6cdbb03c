//! What a route matches: hosts and paths.

mod host;
mod path;

pub use host::{HostPattern, HostPatternError};
pub(crate) use path::check_characters;
pub use path::{PathPattern, PathPatternError};
