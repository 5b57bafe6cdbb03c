//! `proxyd version`.

use serde_json::json;

use crate::cli::VersionOptions;
use crate::exit::Failure;
use crate::output;

/// Prints the version.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn print(options: VersionOptions) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    let text = if options.json {
        format!("{}\n", json!({ "name": "proxyd", "version": version, "os": system, "arch": machine }))
    } else {
        format!("proxyd {version} ({machine}-{system})\n")
    };
    output::print(&text).map_err(|source| Failure::run_time("cannot write to standard output", source))
}
