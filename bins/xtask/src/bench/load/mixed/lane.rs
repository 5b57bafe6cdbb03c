//! Connections of one kind, each with at most one request under way.

use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::time::Instant;

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

use super::Count;
use crate::bench::load::PATIENCE;
use crate::bench::load::orders;
use crate::bench::load::pace::Pace;
use crate::bench::load::surge::connection::{Came, Connection};
use crate::bench::load::surge::outcomes::Outcome;

/// Marks the timer among the events.
const TIMER: u64 = u64::MAX;

/// A connection on which one message asks for another.
pub(super) trait Line: Sized {
    /// Has one that can be asked.
    fn open(address: SocketAddrV4) -> Result<Self, String>;
    fn socket(&self) -> &OwnedFd;
    /// When the request under way was due, if there is one.
    fn asked(&self) -> Option<Instant>;
    /// Sends a request that was `due`.
    fn ask(&mut self, request: &[u8], due: Instant) -> Result<(), String>;
    /// Sends and receives what can be.
    fn go_on(&mut self, scratch: &mut [u8]) -> Came;
}

impl Line for Connection {
    fn open(address: SocketAddrV4) -> Result<Self, String> {
        Self::open(address).map_err(|error| format!("cannot connect: {error}"))
    }

    fn socket(&self) -> &OwnedFd {
        self.socket()
    }

    fn asked(&self) -> Option<Instant> {
        self.asked()
    }

    fn ask(&mut self, request: &[u8], due: Instant) -> Result<(), String> {
        self.ask(request, due)
    }

    fn go_on(&mut self, scratch: &mut [u8]) -> Came {
        self.go_on(scratch)
    }
}

/// So many connections to one address, for as long as the proxy keeps each.
pub(super) struct Lane<L> {
    address: SocketAddrV4,
    request: Vec<u8>,
    epoll: OwnedFd,
    lines: Vec<Option<L>>,
    /// Places that no connection is in.
    empty: Vec<usize>,
    /// Places of connections without a request; who has waited longest comes first.
    idle: VecDeque<usize>,
    scratch: Vec<u8>,
}

impl<L: Line> Lane<L> {
    /// One of `connections`, none of which is open yet.
    pub(super) fn new(address: SocketAddrV4, connections: usize, request: Vec<u8>) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot wait for events")?;
        let lines = (0..connections).map(|_| None).collect();
        let (empty, idle, scratch) = ((0..connections).collect(), VecDeque::new(), vec![0; 16 * 1024]);
        Ok(Self { address, request, epoll, lines, empty, idle, scratch })
    }

    /// Sends `rate` requests per second from `start` to `end`, and waits for the last answers.
    pub(super) fn send(&mut self, rate: u32, start: Instant, end: Instant) -> Result<orders::Lane> {
        let mut pace = Pace::new(rate, start, &self.epoll, EventData::new_u64(TIMER))?;
        let (mut count, mut events) = (Count::default(), Vec::with_capacity(512));
        let give_up = end + PATIENCE;
        loop {
            let now = Instant::now();
            pace.advance(now, end);
            pace.arm(now, end)?;
            while self.has_room()
                && let Some(due) = pace.take()
            {
                self.ask(due, &mut count);
            }
            let is_done = pace.is_done(end) && self.empty.len() + self.idle.len() == self.lines.len();
            if is_done || now > give_up {
                break;
            }
            self.wait(&mut events, &mut count)?;
        }
        self.drop_unanswered(&mut count);
        // Those that found no free connection in all this time.
        while pace.take().is_some() {
            count.failed("a request was never sent".to_owned());
        }
        Ok(count.close())
    }

    fn has_room(&self) -> bool {
        !self.empty.is_empty() || !self.idle.is_empty()
    }

    /// Sends a request, on a new connection if one is missing.
    fn ask(&mut self, due: Instant, count: &mut Count) {
        let place = match self.place(count) {
            Ok(place) => place,
            Err(failure) => return count.failed(failure),
        };
        let Some(Some(line)) = self.lines.get_mut(place) else { return };
        if let Err(failure) = line.ask(&self.request, due) {
            count.failed(failure);
            count.ended(false);
            self.close(place);
        }
    }

    /// The place of a connection that can be asked.
    fn place(&mut self, count: &mut Count) -> Result<usize, String> {
        loop {
            if let Some(place) = self.empty.pop() {
                if let Err(failure) = self.open(place) {
                    self.close(place);
                    return Err(failure);
                }
                return Ok(place);
            }
            let place = self.idle.pop_front().ok_or("there is no connection")?;
            let line = self.lines.get_mut(place).and_then(Option::as_mut);
            // As clients with a pool do: what has come to its end is not used again.
            if let Some(Came::Nothing) = line.map(|line| line.go_on(&mut self.scratch)) {
                return Ok(place);
            }
            count.ended(false);
            self.close(place);
        }
    }

    fn open(&mut self, place: usize) -> Result<(), String> {
        let line = L::open(self.address)?;
        // Readiness to send is reported once, when the connection stands.
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        epoll::add(&self.epoll, line.socket(), EventData::new_u64(place as u64), flags)
            .map_err(|error| format!("cannot wait for a connection: {error}"))?;
        if let Some(slot) = self.lines.get_mut(place) {
            *slot = Some(line);
        }
        Ok(())
    }

    fn wait(&mut self, events: &mut Vec<Event>, count: &mut Count) -> Result<()> {
        events.clear();
        let wait = Timespec { tv_sec: 1, tv_nsec: 0 };
        match epoll::wait(&self.epoll, spare_capacity(events), Some(&wait)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("cannot wait for events"),
        }
        for event in events.iter() {
            if let Ok(place) = usize::try_from(event.data.u64()) {
                self.ready(place, count);
            }
        }
        Ok(())
    }

    /// Goes on with a connection that something has happened to.
    fn ready(&mut self, place: usize, count: &mut Count) {
        let Some(Some(line)) = self.lines.get_mut(place) else { return };
        let due = line.asked();
        let came = line.go_on(&mut self.scratch);
        let latency = due.map(|due| due.elapsed());
        match (came, latency) {
            (Came::Nothing, _) => {}
            (Came::Answer { outcome, is_last }, Some(latency)) => {
                match outcome {
                    Outcome::Good => count.answered(latency),
                    Outcome::Failed(failure) => count.failed(failure),
                    other => count.failed(format!("unexpected answer: {other:?}")),
                }
                if is_last {
                    count.ended(false);
                    self.close(place);
                } else {
                    self.idle.push_back(place);
                }
            }
            (Came::End(failure), Some(_)) => {
                count.failed(failure);
                count.ended(false);
                self.close(place);
            }
            (Came::End(_) | Came::Answer { .. }, None) => {
                count.ended(false);
                self.idle.retain(|idle| *idle != place);
                self.close(place);
            }
        }
    }

    fn close(&mut self, place: usize) {
        if let Some(slot) = self.lines.get_mut(place) {
            *slot = None;
            self.empty.push(place);
        }
    }

    /// Closes the connections whose answers never came.
    fn drop_unanswered(&mut self, count: &mut Count) {
        for place in 0..self.lines.len() {
            let line = self.lines.get(place).and_then(Option::as_ref);
            if line.is_some_and(|line| line.asked().is_some()) {
                count.failed(format!("no answer within {} s", PATIENCE.as_secs()));
                self.close(place);
            }
        }
    }
}

#[cfg(test)]
mod tests;
