//! The proxyd that is asked.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::confirmer::ask;
use super::fill::{self, Pair};
use crate::process::Guarded;
use crate::workspace;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A proxyd whose API listens on a port of loopback.
#[derive(Debug)]
pub(super) struct Subject {
    process: Guarded,
    address: SocketAddr,
    log: PathBuf,
    secrets: Vec<String>,
    /// A certificate that may be sent to it.
    pub(super) sent: Pair,
}

impl Subject {
    /// Starts the proxyd that was built, with all of its files in `folder`, and gives it a few revisions.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let [inline, client, route, sent] = [
            Pair::make("api.myapp.com")?,
            Pair::make("client")?,
            Pair::make("private.example.com")?,
            Pair::make("api.myapp.com")?,
        ];
        let random = |name: &str| Pair::make(name).map(|pair| fill::needles(&pair.key).concat());
        let (sticky, upstreams) = (random("sticky")?, random("upstreams")?);
        let state = folder.join("state");
        let document = fill::document(&[
            ("state", &state.to_string_lossy()),
            ("cert", &inline.cert),
            ("key", &inline.key),
            ("client_cert", &client.cert),
            ("client_key", &client.key),
            ("route_cert", &route.cert),
            ("route_key", &route.key),
            ("sticky_secret", &sticky),
            ("upstreams_secret", &upstreams),
        ])?;
        let secrets = [&inline.key, &client.key, &route.key, &sent.key, &sticky, &upstreams];
        let secrets = secrets.iter().flat_map(|secret| fill::needles(secret)).collect();
        let (file, log) = (folder.join("proxyd.yaml"), folder.join("log"));
        fs::write(&file, document).context("cannot write the configuration")?;
        let out = File::create(&log).context("cannot make the log")?;
        let mut command = Command::new(workspace::target_directory()?.join("debug/proxyd"));
        command.args(["run", "--config"]).arg(&file);
        command.stderr(out.try_clone().context("cannot share the log")?).stdout(out);
        let process = Guarded::spawn("proxyd", &mut command)?;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut subject = Self { process, address: unknown, log, secrets, sent };
        subject.address = subject.wait_for_address()?;
        subject.revise()?;
        Ok(subject)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it must never show.
    pub(super) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// Its OpenAPI document.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn specification(&self) -> Result<Value> {
        ask(self.address, "GET", "/api/v1/openapi.json", "")
    }

    /// The most memory that it has had, in kilobytes.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.pid()));
        let status = status.context("proxyd is gone")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.context("proxyd is gone, or the kernel keeps no such figure")
    }

    /// Ends it, and gives its log.
    ///
    /// # Errors
    /// When it has ended before, or badly.
    pub(super) fn stop(self) -> Result<String> {
        let status = self.process.stop()?;
        let log = fs::read(&self.log).context("cannot read the log")?;
        let log = String::from_utf8_lossy(&log).into_owned();
        if !status.success() {
            let end: Vec<_> = log.lines().rev().take(5).collect();
            bail!("proxyd ended with {status}; its last lines, the last first:\n{}", end.join("\n"));
        }
        Ok(log)
    }

    fn wait_for_address(&mut self) -> Result<SocketAddr> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let log = fs::read_to_string(&self.log).context("cannot read the log")?;
            if let Some(address) = log.lines().find_map(address_in) {
                return Ok(address);
            }
            if let Some(status) = self.process.ended()? {
                bail!("proxyd ended with {status}: {log}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("proxyd's API does not listen")
    }

    /// Makes the revisions that the examples are about.
    fn revise(&self) -> Result<()> {
        for weight in 1..=5 {
            let body =
                json!({ "logging": { "level": "debug" }, "proxy": { "timeout": format!("{weight}s") } });
            ask(self.address, "PATCH", "/api/v1/document", &body.to_string())?;
        }
        Ok(())
    }
}

/// Where the API is, if the line says so.
fn address_in(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    let is_it = line["message"] == "the API is served";
    line["address"].as_str().filter(|_| is_it)?.parse().ok()
}
