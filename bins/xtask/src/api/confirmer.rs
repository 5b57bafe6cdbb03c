//! Somebody who confirms every change that waits for it, so that the others are not refused meanwhile.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Ends the work when it is dropped.
#[derive(Debug)]
pub(super) struct Confirmer(Arc<AtomicBool>);

impl Drop for Confirmer {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Begins to confirm.
pub(super) fn start(address: SocketAddr) -> Confirmer {
    let ended = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ended);
    std::thread::spawn(move || {
        while !seen.load(Ordering::Relaxed) {
            // Whether the process is there, others say.
            let _ = confirm(address);
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    Confirmer(ended)
}

fn confirm(address: SocketAddr) -> Result<()> {
    let health = ask(address, "GET", "/api/v1/health", "")?;
    if let Some(revision) = health.pointer("/pending/revision") {
        ask(address, "POST", "/api/v1/confirm", &format!("{{\"revision\":{revision}}}"))?;
    }
    Ok(())
}

/// The JSON that is answered, on a connection of its own.
///
/// # Errors
/// When there is none.
pub(super) fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<Value> {
    let mut connection = TcpStream::connect(address).context("proxyd's API is not there")?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { bail!("the answer breaks off") };
    if !head.starts_with("HTTP/1.1 2") {
        bail!("{method} {path}: {}", head.lines().next().unwrap_or_default());
    }
    serde_json::from_str(body).with_context(|| format!("what {path} answers is no JSON"))
}
