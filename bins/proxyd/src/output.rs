//! Standard output and standard error of commands. A reader that has gone is no failure of ours.

use std::io::{self, Write};

/// Prints to standard output.
///
/// # Errors
/// What the system says, unless nobody reads any more.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    printed.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// Prints to standard error, if it can be.
pub(crate) fn error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
