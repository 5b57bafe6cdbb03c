//! Clients that ask at a fixed rate whatever comes back, and give up when they have waited too long.
//!
//! Requests are due at even distances. Each takes a connection that is idle, or else a new one, so that no
//! answer that is late holds up a request. Who gives up closes its connection, as browsers do.

mod answer;
pub(super) mod connection;
pub(super) mod outcomes;

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

use self::connection::{Came, Connection};
use self::outcomes::{Outcome, Outcomes};
use super::orders::{Tally, Wave};
use super::pace::Pace;
use super::run::Plan;

/// Connections beyond these are not opened: the limit of open files is not far.
const MOST_CONNECTIONS: usize = 15_000;

/// Marks the timer among the events.
const TIMER: u64 = u64::MAX;

/// A surge under way.
struct Run<'a> {
    plan: &'a Plan,
    epoll: OwnedFd,
    pace: Pace,
    patience: Duration,
    connections: Vec<Option<Connection>>,
    /// Places among the connections that nothing is in.
    free: Vec<usize>,
    /// Places of connections without a request.
    idle: Vec<usize>,
    /// Who asked when, first who asked first.
    asked: VecDeque<(Instant, usize)>,
    outcomes: Outcomes,
    scratch: Vec<u8>,
}

/// Sends requests of `plan` as `wave` says.
///
/// # Errors
/// When the system refuses to wait for events; what happens to requests is counted.
pub(super) fn run(plan: &Plan, wave: Wave) -> Result<Tally> {
    run_from(Instant::now(), plan, wave)
}

fn run_from(start: Instant, plan: &Plan, wave: Wave) -> Result<Tally> {
    let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot wait for events")?;
    let pace = Pace::new(wave.rate, start, &epoll, EventData::new_u64(TIMER))?;
    let from = start + Duration::from_secs_f64(wave.lead_in);
    let outcomes = Outcomes::new(from, from + Duration::from_secs_f64(wave.seconds));
    let patience = Duration::from_secs_f64(wave.patience);
    let (connections, free, idle) = (Vec::new(), Vec::new(), Vec::new());
    let (asked, scratch) = (VecDeque::new(), vec![0; 16 * 1024]);
    let mut run = Run { plan, epoll, pace, patience, connections, free, idle, asked, outcomes, scratch };
    run.go_on(start)?;
    Ok(run.outcomes.close())
}

impl Run<'_> {
    fn go_on(&mut self, start: Instant) -> Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(512);
        let mut sent_until = start;
        // This may have slept over the end of what counts, which is still to be sent then.
        while !self.outcomes.are_complete(sent_until) {
            sent_until = self.send()?;
            events.clear();
            let wait = Timespec { tv_sec: 1, tv_nsec: 0 };
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&wait)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("cannot wait for events"),
            }
            for event in &events {
                if let Ok(place) = usize::try_from(event.data.u64()) {
                    self.ready(place);
                }
            }
            self.give_up(Instant::now());
        }
        Ok(())
    }

    /// Sends everything that is due, and returns until when.
    fn send(&mut self) -> Result<Instant> {
        let now = Instant::now();
        // Requests are due until everything that counts is settled, however long that takes.
        let end = now + Duration::from_secs(1);
        self.pace.advance(now, end);
        self.pace.arm(now, end)?;
        while let Some(due) = self.pace.take() {
            self.outcomes.begin(due);
            if let Err(failure) = self.ask(due) {
                self.outcomes.settle(due, now, Outcome::Failed(failure));
            }
        }
        Ok(now)
    }

    fn ask(&mut self, due: Instant) -> Result<(), String> {
        let request = self.plan.requests.first().ok_or("there is no request")?;
        let place = match self.idle.pop() {
            Some(place) => place,
            None => self.open()?,
        };
        let Some(Some(connection)) = self.connections.get_mut(place) else {
            return Err("a connection is gone".to_owned());
        };
        let asked = connection.ask(request, due);
        match asked {
            Ok(()) => self.asked.push_back((due, place)),
            Err(_) => self.close(place),
        }
        asked
    }

    fn open(&mut self) -> Result<usize, String> {
        if self.connections.len() - self.free.len() >= MOST_CONNECTIONS {
            return Err(format!("there are {MOST_CONNECTIONS} connections"));
        }
        let connection =
            Connection::open(self.plan.address).map_err(|error| format!("cannot connect: {error}"))?;
        let place = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        // Readiness to send is reported once, when the connection stands.
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        let watched = epoll::add(&self.epoll, connection.socket(), EventData::new_u64(place as u64), flags);
        if let Some(slot) = self.connections.get_mut(place) {
            *slot = Some(connection);
        }
        watched.map_err(|error| {
            self.close(place);
            format!("cannot wait for a connection: {error}")
        })?;
        Ok(place)
    }

    /// Goes on with a connection that something has happened to.
    fn ready(&mut self, place: usize) {
        let Some(Some(connection)) = self.connections.get_mut(place) else { return };
        let due = connection.asked();
        let came = connection.go_on(&mut self.scratch);
        let now = Instant::now();
        match (came, due) {
            (Came::Nothing, _) => {}
            (Came::Answer { outcome, is_last }, Some(due)) => {
                self.outcomes.settle(due, now, outcome);
                if is_last {
                    self.close(place);
                } else {
                    self.idle.push(place);
                }
            }
            (Came::End(failure), due) => {
                if let Some(due) = due {
                    self.outcomes.settle(due, now, Outcome::Failed(failure));
                }
                self.close(place);
            }
            (Came::Answer { .. }, None) => self.close(place),
        }
    }

    /// Closes the connections of those who have waited too long.
    fn give_up(&mut self, now: Instant) {
        while let Some((due, place)) = self.asked.pop_front_if(|(due, _)| *due + self.patience <= now) {
            let connection = self.connections.get(place).and_then(Option::as_ref);
            // It may have been answered since, and another request may have taken the connection.
            if connection.is_some_and(|connection| connection.asked() == Some(due)) {
                self.outcomes.settle(due, now, Outcome::GivenUp);
                self.close(place);
            }
        }
    }

    fn close(&mut self, place: usize) {
        if let Some(slot) = self.connections.get_mut(place)
            && slot.take().is_some()
        {
            self.idle.retain(|idle| *idle != place);
            self.free.push(place);
        }
    }
}

#[cfg(test)]
mod tests;
