//! `proxyd schema`.

use crate::exit::Failure;
use crate::output;

/// Prints the JSON Schema of the configuration.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn print() -> Result<(), Failure> {
    let text = format!("{:#}\n", config::schema());
    output::print(&text).map_err(|source| Failure::run_time("cannot write to standard output", source))
}
