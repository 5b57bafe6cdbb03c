//! Replacing the proxy's certificate again and again, while clients come at a fixed rate.
//!
//! Each client makes a handshake and one request on a connection of its own. Whatever fails of that is
//! counted, and so is a certificate that is shown although clients have seen its successor.

mod rotation;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind};

use self::rotation::Rotation;
use super::PATIENCE;
use super::client::{Client, Expected, Progress};
use super::orders::Tally;
use super::pace::Pace;
use super::run::Plan;
use super::tally::Count;
use super::tls::{self, Session};
use crate::bench::certificates::Shelf;

/// Marks the timer among the events.
const TIMER: u64 = u64::MAX;

/// One client.
#[derive(Debug)]
struct Visit {
    client: Client,
    /// When it came, in turns of the certificates; `None` once it has seen one.
    from: Option<u64>,
    is_answered: bool,
}

/// Everything under way.
struct Run<'a> {
    plan: &'a Plan,
    host: ServerName<'static>,
    settings: Arc<ClientConfig>,
    shelf: Shelf,
    rotation: Rotation,
    epoll: OwnedFd,
    pace: Pace,
    visits: Vec<Option<Visit>>,
    /// Places among the visits that nobody is in.
    free: Vec<usize>,
    count: Count,
    scratch: Vec<u8>,
}

/// Replaces the certificate in `folder` so many times, each as soon as the one before was shown to one of
/// `rate` clients per second.
///
/// # Errors
/// When the certificates cannot be read or written, a new one is never shown, or the system refuses to wait
/// for events; what happens to clients is counted.
pub(super) fn run(plan: &Plan, folder: &Path, swaps: u32, rate: u32) -> Result<Tally> {
    let start = Instant::now();
    let shelf = Shelf::open(folder)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot wait for events")?;
    let mut run = Run {
        plan,
        host: plan.tls.as_ref().context("certificates are for TLS")?.host()?,
        settings: Arc::new(tls::settings(tls::HTTP1)?),
        rotation: Rotation::new(shelf.len(), start),
        shelf,
        pace: Pace::new(rate, start, &epoll, EventData::new_u64(TIMER))?,
        epoll,
        visits: Vec::new(),
        free: Vec::new(),
        count: Count::new(start),
        scratch: vec![0; 64 * 1024],
    };
    run.go_on(swaps)?;
    let mut tally = run.count.close();
    let swap = run.rotation.close(std::mem::take(&mut tally.errors), tally.first_error.take());
    Ok(Tally { swap: Some(swap), ..tally })
}

impl Run<'_> {
    fn go_on(&mut self, swaps: u32) -> Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(512);
        loop {
            let now = Instant::now();
            match self.rotation.waiting(now) {
                Some(waiting) if waiting > PATIENCE => bail!("a new certificate was never shown"),
                Some(_) => {}
                None if self.rotation.swaps() >= swaps => break,
                None => self.replace()?,
            }
            self.admit(now)?;
            self.wait(&mut events)?;
        }
        self.see_off(&mut events)
    }

    /// Puts the next certificate in its place.
    fn replace(&mut self) -> Result<()> {
        self.shelf.put(self.rotation.next())?;
        self.rotation.replaced(Instant::now());
        Ok(())
    }

    /// Waits for the last clients.
    fn see_off(&mut self, events: &mut Vec<Event>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.visits.iter().any(Option::is_some) && Instant::now() < end {
            self.wait(events)?;
        }
        for left in self.visits.iter().flatten() {
            self.count.failed(|| left.unfinished().to_owned());
        }
        Ok(())
    }

    fn wait(&mut self, events: &mut Vec<Event>) -> Result<()> {
        events.clear();
        let wait = Timespec { tv_sec: 1, tv_nsec: 0 };
        match epoll::wait(&self.epoll, spare_capacity(events), Some(&wait)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("cannot wait for events"),
        }
        for event in events.iter() {
            if let Ok(place) = usize::try_from(event.data.u64()) {
                self.ready(place);
            }
        }
        Ok(())
    }

    /// Lets in everybody who is due.
    fn admit(&mut self, now: Instant) -> Result<()> {
        // Clients come until all swaps are done, however long that takes.
        let end = now + Duration::from_secs(1);
        self.pace.advance(now, end);
        self.pace.arm(now, end)?;
        while let Some(due) = self.pace.take() {
            if let Err(failure) = self.visit(due) {
                self.count.failed(|| failure);
            }
        }
        Ok(())
    }

    fn visit(&mut self, due: Instant) -> Result<(), String> {
        let request = self.plan.requests.first().ok_or("there is no request")?;
        let unconnected = |error| format!("cannot connect: {error}");
        let mut client = Client::connect(self.plan.address).map_err(unconnected)?;
        let settings = Arc::clone(&self.settings);
        client.secure(Session::begin(settings, self.host.clone(), HandshakeKind::Full)?);
        let place = self.free.pop().unwrap_or_else(|| {
            self.visits.push(None);
            self.visits.len() - 1
        });
        let watched =
            epoll::add(&self.epoll, &client.socket, EventData::new_u64(place as u64), EventFlags::IN);
        let begun = watched
            .map_err(|error| format!("cannot wait for a connection: {error}"))
            .and_then(|()| client.ask(request, due));
        match self.visits.get_mut(place) {
            Some(slot) if begun.is_ok() => {
                *slot = Some(Visit { client, from: Some(self.rotation.turn()), is_answered: false });
            }
            _ => self.free.push(place),
        }
        begun
    }

    /// Goes on with a client that something has happened to.
    fn ready(&mut self, place: usize) {
        let Some(Some(visit)) = self.visits.get_mut(place) else { return };
        let came = visit.client.read(&mut self.scratch, Expected { body: self.plan.body, ends: true });
        let now = Instant::now();
        let shown = visit.see(&self.shelf, &mut self.rotation, now);
        match shown.and(came) {
            Ok(Progress::Partial) => {}
            Ok(Progress::Answered) => {
                visit.is_answered = true;
                let asked = visit.client.asked;
                self.count.answered(now, now.saturating_duration_since(asked));
            }
            Ok(Progress::Ended) => self.leave(place),
            Err(failure) => {
                self.count.failed(|| failure);
                self.leave(place);
            }
        }
    }

    fn leave(&mut self, place: usize) {
        if let Some(slot) = self.visits.get_mut(place) {
            *slot = None;
            self.free.push(place);
        }
    }
}

impl Visit {
    /// What has not come in all the time that there was.
    fn unfinished(&self) -> &'static str {
        match self {
            Self { from: Some(_), .. } => "a handshake never ended",
            Self { is_answered: false, .. } => "a client was never answered",
            _ => "a connection was never closed",
        }
    }

    /// Looks at the certificate, as soon as there is one.
    fn see(&mut self, shelf: &Shelf, rotation: &mut Rotation, now: Instant) -> Result<(), String> {
        let session = self.client.session();
        let (Some(from), Some(leaf)) = (self.from, session.and_then(Session::certificate)) else {
            return Ok(());
        };
        self.from = None;
        let certificate = shelf.position(leaf).ok_or("an unknown certificate was shown")?;
        rotation.show(certificate, from, now)
    }
}

#[cfg(test)]
mod tests;
