//! Many connections at once.

use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

use super::PATIENCE;
use super::client::{Client, Expected, Progress};
use super::orders::Tally;
use super::pace::Pace;
use super::tally::Count;
use super::tls::{self, Sessions};

/// What is sent where.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) address: SocketAddrV4,
    /// They take turns.
    pub(super) requests: Vec<Vec<u8>>,
    /// Bytes in each response's body.
    pub(super) body: usize,
    pub(super) connections: usize,
    /// Whether each request has a connection of its own.
    pub(super) new_connections: bool,
    /// Whom requests are for over TLS; `None` for clear text.
    pub(super) tls: Option<tls::Plan>,
}

/// When a run stops sending.
#[derive(Clone, Copy, Debug)]
enum Until {
    Time(Instant),
    Requests(u64),
}

/// Marks the timer among the events.
const TIMER: u64 = u64::MAX;

/// The connections to one proxy.
pub(super) struct Load {
    plan: Plan,
    expected: Expected,
    epoll: OwnedFd,
    clients: Vec<Client>,
    sessions: Option<Sessions>,
    scratch: Vec<u8>,
    turn: usize,
}

/// The state of one run.
struct Run {
    until: Until,
    sent: u64,
    under_way: usize,
    idle: VecDeque<usize>,
    pace: Option<Pace>,
    count: Count,
}

impl Run {
    /// Whether another request may be sent at `now`.
    fn goes_on(&self, now: Instant) -> bool {
        match self.until {
            Until::Time(end) => now < end && !self.count.is_hopeless(),
            Until::Requests(requests) => self.sent < requests && !self.count.is_hopeless(),
        }
    }
}

impl Load {
    pub(super) fn new(plan: Plan) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot wait for events")?;
        let expected = Expected { body: plan.body, ends: plan.new_connections };
        let sessions = plan.tls.clone().map(Sessions::new).transpose()?;
        let scratch = vec![0; 1 << 20];
        Ok(Self { plan, expected, epoll, clients: Vec::new(), sessions, scratch, turn: 0 })
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Closes all connections and opens new ones.
    pub(super) fn connect(&mut self) -> Result<()> {
        self.clients.clear();
        if let Some(sessions) = &mut self.sessions {
            sessions.restart(self.plan.connections);
        }
        for index in 0..self.plan.connections {
            let client = self.open(index).context("cannot connect to the proxy")?;
            self.clients.push(client);
        }
        Ok(())
    }

    /// Sends for `seconds`, and waits for the last answers.
    pub(super) fn burst(&mut self, seconds: f64, rate: Option<u32>) -> Result<Tally> {
        let start = Instant::now();
        let pace =
            rate.map(|rate| Pace::new(rate, start, &self.epoll, EventData::new_u64(TIMER))).transpose()?;
        self.run(Until::Time(start + Duration::from_secs_f64(seconds)), pace, start)
    }

    /// Sends `requests`, and waits for the last answers.
    pub(super) fn count(&mut self, requests: u64) -> Result<Tally> {
        self.run(Until::Requests(requests), None, Instant::now())
    }

    fn open(&self, index: usize) -> rustix::io::Result<Client> {
        let client = Client::connect(self.plan.address)?;
        epoll::add(&self.epoll, &client.socket, EventData::new_u64(index as u64), EventFlags::IN)?;
        Ok(client)
    }

    fn run(&mut self, until: Until, pace: Option<Pace>, start: Instant) -> Result<Tally> {
        if self.clients.is_empty() {
            self.connect()?;
        }
        let idle = (0..self.clients.len()).collect();
        let mut run = Run { until, sent: 0, under_way: 0, idle, pace, count: Count::new(start) };
        self.feed(&mut run)?;
        let mut events: Vec<Event> = Vec::with_capacity(512);
        let mut progress = start;
        while self.is_unfinished(&run) {
            events.clear();
            let wait = Timespec { tv_sec: 1, tv_nsec: 0 };
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&wait)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("cannot wait for events"),
            }
            if !events.is_empty() {
                progress = Instant::now();
            } else if progress.elapsed() > PATIENCE {
                run.count.failed(|| format!("{} requests were never answered", run.under_way));
                self.clients.clear();
                break;
            }
            for event in &events {
                if let Ok(index) = usize::try_from(event.data.u64()) {
                    self.ready(index, &mut run);
                }
            }
            self.feed(&mut run)?;
        }
        Ok(run.count.close())
    }

    fn is_unfinished(&self, run: &Run) -> bool {
        let more = match (&run.pace, run.until) {
            (Some(pace), Until::Time(end)) => !pace.is_done(end) && !run.count.is_hopeless(),
            _ => run.goes_on(Instant::now()) && !self.clients.is_empty(),
        };
        run.under_way > 0 || more
    }

    /// Gives idle connections something to do.
    fn feed(&mut self, run: &mut Run) -> Result<()> {
        let now = Instant::now();
        if let (Some(pace), Until::Time(end)) = (&mut run.pace, run.until) {
            pace.advance(now, end);
            pace.arm(now, end)?;
        }
        // The one that has waited for longest: a proxy closes connections that it hears nothing of.
        while let Some(index) = run.idle.pop_front() {
            let due = match &mut run.pace {
                Some(pace) => pace.take(),
                None => run.goes_on(now).then_some(now),
            };
            let Some(due) = due else {
                run.idle.push_front(index);
                break;
            };
            self.ask(index, due, run);
        }
        Ok(())
    }

    fn ask(&mut self, index: usize, asked: Instant, run: &mut Run) {
        self.turn = if self.turn + 1 < self.plan.requests.len() { self.turn + 1 } else { 0 };
        let Some(request) = self.plan.requests.get(self.turn) else { return };
        let Some(client) = self.clients.get_mut(index) else { return };
        run.sent += 1;
        run.under_way += 1;
        let secured = match &mut self.sessions {
            Some(sessions) if client.session().is_none() => {
                sessions.begin(index, self.turn).map(|session| client.secure(session))
            }
            _ => Ok(()),
        };
        if let Err(error) = secured.and_then(|()| client.ask(request, asked)) {
            run.under_way -= 1;
            self.fail(index, error, run);
        }
    }

    fn ready(&mut self, index: usize, run: &mut Run) {
        let Some(client) = self.clients.get_mut(index) else { return };
        let was_asked = client.is_asked();
        match client.read(&mut self.scratch, self.expected) {
            Ok(Progress::Partial) => {}
            Ok(Progress::Answered) => {
                let (now, asked) = (Instant::now(), client.asked);
                run.count.answered(now, now.saturating_duration_since(asked));
                if !self.expected.ends {
                    self.next(index, now, run);
                }
            }
            Ok(Progress::Ended) => {
                if self.reopen(index, run) {
                    self.next(index, Instant::now(), run);
                } else {
                    run.under_way -= 1;
                }
            }
            Err(error) => {
                run.under_way -= usize::from(was_asked);
                self.fail(index, error, run);
            }
        }
    }

    /// A connection's request is done with.
    fn next(&mut self, index: usize, now: Instant, run: &mut Run) {
        run.under_way -= 1;
        if run.pace.is_none() && run.goes_on(now) {
            self.ask(index, now, run);
        } else {
            run.idle.push_back(index);
        }
    }

    /// Counts an error and replaces the connection that had it.
    fn fail(&mut self, index: usize, error: String, run: &mut Run) {
        run.count.failed(|| error);
        run.idle.retain(|idle| *idle != index);
        if self.reopen(index, run) {
            run.idle.push_back(index);
        }
    }

    /// Whether the connection could be replaced by a new one; if not, that is counted as an error.
    fn reopen(&mut self, index: usize, run: &mut Run) -> bool {
        match (self.open(index), self.clients.get_mut(index)) {
            (Ok(fresh), Some(client)) => {
                *client = fresh;
                true
            }
            (Ok(_), None) => false,
            (Err(error), _) => {
                run.count.failed(|| format!("cannot connect: {error}"));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests;
