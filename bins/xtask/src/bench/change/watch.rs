//! Looking for changes in a proxy's answers, until each is there.
//!
//! Each look has a connection of its own: what others find on connections that they keep may be older, as
//! proxies that are reloaded answer on those by what was told before.

use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::exchange;
use crate::bench::OTHER_CORE;
use crate::bench::subject::changing::{FIELD, Layout};
use crate::process;

/// How long a change may take, and how long an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A change that was begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) route: u32,
    /// What the route is to have, or more.
    pub(super) number: u32,
    pub(super) begun: Instant,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    /// How long each change took.
    pub(super) visible: Vec<Duration>,
    /// Looks that failed.
    pub(super) failed: u64,
    pub(super) first_failure: Option<String>,
}

/// How a route is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) address: SocketAddrV4,
    pub(super) layout: Layout,
}

/// Looks for the changes that are `told`, until each was seen and no more can come.
///
/// # Errors
/// When one is never seen.
pub(super) fn until_all_are_seen(look: &Look, told: &Receiver<Change>) -> Result<Watched> {
    process::pin_to(OTHER_CORE)?;
    watch(|route| look.number(route), told)
}

fn watch(look: impl Fn(u32) -> Result<u32>, told: &Receiver<Change>) -> Result<Watched> {
    let (mut watched, mut waiting) = (Watched::default(), Vec::new());
    loop {
        if waiting.is_empty() {
            let Ok(change) = told.recv() else { return Ok(watched) };
            waiting.push(change);
        }
        waiting.extend(told.try_iter());
        waiting.retain(|change| match look(change.route) {
            Ok(number) if number >= change.number => {
                watched.visible.push(change.begun.elapsed());
                false
            }
            Ok(_) => true,
            Err(failure) => {
                watched.failed += 1;
                watched.first_failure.get_or_insert_with(|| format!("{failure:#}"));
                true
            }
        });
        let Some(latest) = waiting.iter().map(|change| change.begun.elapsed()).min() else { continue };
        if waiting.iter().any(|change| change.begun.elapsed() > PATIENCE) {
            bail!("a change was not visible after {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(pause(latest));
    }
}

/// How long to wait for the next look, after so long in vain.
fn pause(waiting: Duration) -> Duration {
    (waiting / 16).clamp(Duration::from_micros(250), Duration::from_millis(2))
}

impl Look {
    /// The number that the route shows.
    fn number(&self, route: u32) -> Result<u32> {
        let (host, path) = self.layout.example(route);
        let mut stream = TcpStream::connect_timeout(&SocketAddr::V4(self.address), PATIENCE)
            .context("a look has no connection")?;
        stream.set_read_timeout(Some(PATIENCE)).context("cannot set a deadline")?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = exchange::exchange(&mut stream, request.as_bytes())?;
        if answer.status != 200 {
            bail!("a look is answered with {}", answer.status);
        }
        let number = answer.field(FIELD).and_then(|number| number.parse().ok());
        number.with_context(|| format!("an answer has no {FIELD}"))
    }
}

#[cfg(test)]
mod tests;
