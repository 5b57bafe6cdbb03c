//! What a route matches: hosts and paths.

mod host;
mod path;

pub use host::{HostPattern, HostPatternError};
pub use path::{PathPattern, PathPatternError};
pub(crate) use path::{check_characters, check_regex};
