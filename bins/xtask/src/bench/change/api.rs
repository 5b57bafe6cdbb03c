//! proxyd's API, over one connection to its Unix socket.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::exchange;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that is kept.
#[derive(Debug)]
pub(super) struct Api(UnixStream);

impl Api {
    /// Connects to `socket`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub(super) fn open(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket)
            .with_context(|| format!("cannot connect to the API at {}", socket.display()))?;
        stream.set_read_timeout(Some(PATIENCE)).context("cannot set a deadline")?;
        Ok(Self(stream))
    }

    /// Sends `body` and waits until that is done.
    ///
    /// # Errors
    /// When the answer is no success.
    pub(super) fn call(&mut self, method: &str, path: &str, kind: &str, body: &Value) -> Result<()> {
        let body = body.to_string();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let answer = exchange::exchange(&mut self.0, request.as_bytes())
            .with_context(|| format!("{method} {path} has no answer"))?;
        if !(200..300).contains(&answer.status) {
            let said: String = answer.body.chars().take(500).collect();
            bail!("{method} {path} is answered with {}: {said}", answer.status);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
