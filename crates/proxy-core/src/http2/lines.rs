//! A worker's connections to backends that speak HTTP/2: which stand, which have room, and which come about.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::line::{self, Driver, Line};
use crate::connect::TlsFault;
use crate::deadline::Ticks;
use crate::dial::Goal;
use crate::pool::PoolRules;
use crate::reason::Reason;
use crate::registry::Backend;
use crate::transport::Stream;
use crate::upstream::{Member, Upstream};
use crate::worker::Worker;

/// Connections in a row that took no request at all before they ended. A backend that makes such is not dialled again
/// for a while.
const MOST_BARREN: u32 = 3;
/// For so long.
const BARREN: u32 = Ticks::seconds(1);

/// What there is for a request.
pub(crate) enum Found {
    /// A place on a connection.
    Ticket(Ticket),
    /// Nothing yet: look again when something has changed.
    Wait(Waiting),
    /// No connection came about.
    Failed(Reason),
}

/// What a request waits for.
pub(crate) struct Waiting {
    /// Tells that something has changed: a connection has come about or has not, or one has room.
    pub(crate) changes: watch::Receiver<()>,
    /// How many connections had come about, or had not, when the request began to wait.
    since: u32,
}

/// Whoever waits for a place on a backend's connections. Shared with these, so that each can tell of its room.
#[derive(Debug)]
pub(super) struct Waiters(watch::Sender<()>);

impl Default for Waiters {
    fn default() -> Self {
        Self(watch::channel(()).0)
    }
}

impl Waiters {
    /// Something has changed.
    pub(super) fn tell(&self) {
        if self.0.receiver_count() > 0 {
            let _ = self.0.send(());
        }
    }
}

/// The place of one request on a connection.
pub(crate) struct Ticket {
    line: Arc<Line>,
    worker: Arc<Worker>,
}

impl Ticket {
    fn new(line: &Arc<Line>, worker: &Arc<Worker>) -> Self {
        line.begin();
        Self { line: Arc::clone(line), worker: Arc::clone(worker) }
    }

    pub(super) fn line(&self) -> &Line {
        &self.line
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.line.end(self.worker.deadlines.now());
    }
}

#[derive(Default)]
struct Group {
    /// The backend whose connections these are; slots are used again.
    backend: u64,
    lines: Vec<Arc<Line>>,
    rules: Option<PoolRules>,
    waiters: Arc<Waiters>,
    is_dialling: bool,
    /// How many dials have ended.
    dials: u32,
    /// The number of the last dial that failed, and why.
    failed: Option<(u32, Reason)>,
    /// Connections in a row that ended without a request, and when the last did, in ticks.
    barren: (u32, u32),
}

impl Group {
    /// Lets go of what takes no further request.
    fn retain(&mut self, now: u32, age: Ticks) {
        let barren = &mut self.barren;
        self.lines.retain(|line| {
            let is_finished = line.is_finished(now, age);
            if is_finished && line.is_unused() {
                *barren = (barren.0 + 1, now);
            }
            !is_finished
        });
    }

    /// A connection that takes one more request.
    fn room(&mut self, now: u32, age: Ticks) -> Option<&Arc<Line>> {
        let line = self.lines.iter().find(|line| line.has_room(now, age))?;
        self.barren.0 = 0;
        Some(line)
    }

    /// Why a request that has waited, or has come at a bad moment, gets no connection.
    fn failure(&mut self, waiting: Option<&Waiting>, now: u32) -> Option<Reason> {
        if let (Some(waiting), Some((number, reason))) = (waiting, self.failed)
            && number > waiting.since
        {
            return Some(reason);
        }
        if self.barren.0 < MOST_BARREN {
            return None;
        }
        if now >= self.barren.1.saturating_add(BARREN) {
            self.barren.0 = 0;
            return None;
        }
        Some(Reason::UpstreamReset)
    }
}

/// All connections of one worker. The lock is the worker's own.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<Group>>);

impl Lines {
    /// A place for one request to `member`, which may have waited already. One connection is made at a time: whoever
    /// comes meanwhile waits for it, or for room on another.
    pub(crate) fn find(
        &self,
        worker: &Arc<Worker>,
        upstream: &Upstream,
        member: &Member,
        waiting: Option<&Waiting>,
    ) -> Found {
        let now = worker.deadlines.now();
        let mut groups = self.groups();
        let group = group(&mut groups, &member.backend);
        group.rules = Some(upstream.pool_rules);
        let age = upstream.pool_rules.age;
        if let Some(line) = group.room(now, age) {
            return Found::Ticket(Ticket::new(line, worker));
        }
        // Room that comes about from here on is told of; what has come about just now is not.
        let changes = group.waiters.0.subscribe();
        if let Some(line) = group.room(now, age) {
            return Found::Ticket(Ticket::new(line, worker));
        }
        let since = waiting.map_or(group.dials, |waiting| waiting.since);
        group.retain(now, age);
        if let Some(reason) = group.failure(waiting, now) {
            return Found::Failed(reason);
        }
        // A backend that allows nothing now is not asked to allow nothing once more.
        let allows_nothing = !group.lines.is_empty() && group.lines.iter().all(|line| line.allows_nothing());
        if group.is_dialling || allows_nothing {
            return Found::Wait(Waiting { changes, since });
        }
        group.is_dialling = true;
        let waiters = Arc::clone(&group.waiters);
        tokio::spawn(dial(Arc::clone(worker), Dialled::of(member, None), waiters));
        Found::Wait(Waiting { changes, since })
    }

    /// Takes over a connection that was made for one request, and has turned out to be for more. Where another one is
    /// being made already, that one will do.
    pub(crate) fn adopt(&self, worker: &Arc<Worker>, member: &Member, stream: Stream) {
        member.backend.note_http2(true);
        let mut groups = self.groups();
        let group = group(&mut groups, &member.backend);
        if !std::mem::replace(&mut group.is_dialling, true) {
            let waiters = Arc::clone(&group.waiters);
            tokio::spawn(dial(Arc::clone(worker), Dialled::of(member, Some(stream)), waiters));
        }
    }

    /// Lets go of what has been unused or has existed for too long, and of what has ended.
    pub(crate) fn sweep(&self, now: u32) {
        for group in &mut *self.groups() {
            let Some(rules) = group.rules else { continue };
            group.retain(now, rules.age);
            group.lines.retain(|line| !line.is_idle(now, rules.idle));
        }
    }

    /// Lets go of one connection to `backend` that nobody uses, and another worker waits for to end. False where there is
    /// none.
    pub(crate) fn close_one(&self, backend: &Backend) -> bool {
        let mut groups = self.groups();
        let Some(group) = groups.get_mut(backend.slot).filter(|group| group.backend == backend.number) else {
            return false;
        };
        let Some(place) = group.lines.iter().position(|line| line.is_idle(u32::MAX, Ticks(0))) else {
            return false;
        };
        group.lines.swap_remove(place);
        true
    }

    /// Lets go of everything. What carries requests ends with the last of them.
    pub(crate) fn clear(&self) {
        for group in &mut *self.groups() {
            group.lines.clear();
        }
    }

    fn dialled(&self, backend: &Backend, made: Result<Arc<Line>, Reason>) {
        let mut groups = self.groups();
        let group = group(&mut groups, backend);
        group.is_dialling = false;
        group.dials = group.dials.wrapping_add(1);
        match made {
            Ok(line) => group.lines.push(line),
            Err(reason) => group.failed = Some((group.dials, reason)),
        }
        group.waiters.tell();
    }

    fn groups(&self) -> MutexGuard<'_, Vec<Group>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn group<'a>(groups: &'a mut Vec<Group>, backend: &Backend) -> &'a mut Group {
    if groups.len() <= backend.slot {
        groups.resize_with(backend.slot + 1, Group::default);
    }
    let group = &mut groups[backend.slot];
    if group.backend != backend.number {
        *group = Group { backend: backend.number, ..Group::default() };
    }
    group
}

/// Makes a connection, tells those who wait for it, and drives it until it ends. It goes on where they have left.
async fn dial(worker: Arc<Worker>, mut to: Dialled, waiters: Arc<Waiters>) {
    // Whatever becomes of it, nobody waits for ever.
    let backend = Arc::clone(&to.backend);
    let mut dialling = Dialling { worker: &worker, backend: &backend, is_told: false };
    let driver = match make(&worker, &mut to, waiters).await {
        Ok((line, driver)) => {
            dialling.tell(Ok(line));
            driver
        }
        Err(reason) => {
            dialling.tell(Err(reason));
            return;
        }
    };
    drop(dialling);
    drop((worker, to));
    drive(driver).await;
}

/// Where a connection is to lead.
struct Dialled {
    backend: Arc<Backend>,
    address: crate::connect::Address,
    /// Connections to it, over all workers.
    most: Option<u32>,
    /// One that was made already.
    made: Option<Stream>,
}

impl Dialled {
    fn of(member: &Member, made: Option<Stream>) -> Self {
        Self {
            backend: Arc::clone(&member.backend),
            address: member.address.clone(),
            most: member.max_connections,
            made,
        }
    }
}

async fn drive(mut driver: Driver) {
    poll_fn(|cx| driver.poll(cx)).await;
}

async fn make(
    worker: &Arc<Worker>,
    to: &mut Dialled,
    waiters: Arc<Waiters>,
) -> Result<(Arc<Line>, Driver), Reason> {
    let stream = match to.made.take() {
        Some(made) => made,
        None => {
            let goal = Goal { backend: &to.backend, address: &to.address, most: to.most };
            worker.shared.dial(goal, None, true).await?
        }
    };
    if stream.is_secure() && !stream.speaks_http2() {
        // RFC 9113 section 3.2: over TLS, HTTP/2 is what was negotiated, or it is not spoken.
        to.backend.note_http2(false);
        return Err(Reason::UpstreamTls(TlsFault::NoHttp2));
    }
    let pinned = worker.snapshot();
    let patience = Ticks::of(to.address.connect_timeout);
    line::open(stream, &pinned.0.settings, (patience, &worker.deadlines), waiters).await
}

struct Dialling<'a> {
    worker: &'a Worker,
    backend: &'a Backend,
    is_told: bool,
}

impl Dialling<'_> {
    fn tell(&mut self, made: Result<Arc<Line>, Reason>) {
        self.is_told = true;
        self.worker.lines.dialled(self.backend, made);
    }
}

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell(Err(Reason::Internal));
        }
    }
}
