//! A proxy of many routes, and what its routes are by now.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::watch::Look;
use crate::bench::built::Built;
use crate::bench::stage::{Backend, Load, Proxy, Work, free_port};
use crate::bench::subject::Subject;
use crate::bench::subject::changing::{self, Changing, Door, Layout};
use crate::folder::Folder;
use crate::procfs::{self, Memory};

/// How long an API may take until it accepts connections.
const START: Duration = Duration::from_secs(20);

/// How often figures of processes are asked for, some of which may just end.
const TRIES: u32 = 20;

/// A proxy that runs.
#[derive(Debug)]
pub(crate) struct Stand {
    subject: Subject,
    proxy: Proxy,
    http2_port: u16,
    backend: u16,
    layout: Layout,
    numbers: Vec<u32>,
}

impl Stand {
    /// Starts `subject` with so many routes to `backend`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(
        built: &Built,
        subject: Subject,
        backend: &Backend,
        (layout, routes): (Layout, u32),
    ) -> Result<Self> {
        let folder = Folder::new("proxyd-bench-")?;
        let (port, http2_port) = (free_port()?, free_port()?);
        let numbers = vec![0; routes as usize];
        let told = Changing {
            port,
            http2_port,
            backend: backend.port,
            folder: folder.path(),
            layout,
            numbers: &numbers,
        };
        let line = told.prepare(subject, built)?;
        let proxy = Proxy::run(built, subject, &line, port, folder)?;
        let stand = Self { subject, proxy, http2_port, backend: backend.port, layout, numbers };
        stand.wait_for_its_api()?;
        Ok(stand)
    }

    /// Starts clients of all kinds at a time.
    ///
    /// # Errors
    /// When they do not start.
    pub(crate) fn load(&self, built: &Built, work: Work) -> Result<Load> {
        let mut command = Load::command(built, work, self.proxy.port);
        command.arg("--mixed").arg(SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.http2_port).to_string());
        Load::spawn(command)
    }

    /// Where it takes HTTP/1.1.
    pub(crate) fn port(&self) -> u16 {
        self.proxy.port
    }

    pub(super) fn pid(&self) -> u32 {
        self.proxy.process.pid()
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// How it is told of changes.
    pub(super) fn door(&self) -> Door {
        changing::door(self.subject, self.proxy.folder())
    }

    /// How its routes are looked at.
    pub(super) fn look(&self) -> Look {
        Look { address: SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.proxy.port), layout: self.layout }
    }

    /// The route is to have `number`.
    pub(super) fn note(&mut self, route: u32, number: u32) {
        if let Some(place) = self.numbers.get_mut(route as usize) {
            *place = number;
        }
    }

    /// Writes the configuration as it is to be now.
    pub(super) fn rewrite(&self) -> Result<PathBuf> {
        let told = Changing {
            port: self.proxy.port,
            http2_port: self.http2_port,
            backend: self.backend,
            folder: self.proxy.folder(),
            layout: self.layout,
            numbers: &self.numbers,
        };
        told.write(self.subject)
    }

    /// The processor time of all its processes so far, of those that have ended, too.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn run_time(&self) -> Result<Duration> {
        steady(|| Ok(self.proxy.run_time()? + procfs::reaped_run_time(self.pid())?))
    }

    /// Its memory, and in how many processes.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn memory(&self) -> Result<(Memory, usize)> {
        steady(|| {
            let processes = procfs::tree(self.pid())?;
            Ok((procfs::memory(&processes)?, processes.len()))
        })
    }

    fn wait_for_its_api(&self) -> Result<()> {
        let Door::Api(socket) = self.door() else { return Ok(()) };
        let deadline = Instant::now() + START;
        while UnixStream::connect(&socket).is_err() {
            if Instant::now() > deadline {
                bail!("{} has no API after {} s", self.subject, START.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// What `ask` finds, asked again where a process ended meanwhile.
fn steady<T>(ask: impl Fn() -> Result<T>) -> Result<T> {
    for _ in 1..TRIES {
        if let Ok(found) = ask() {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    ask().context("its processes come and go")
}

#[cfg(test)]
mod tests;
