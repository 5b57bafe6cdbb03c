//! A worker's connections to backends that speak HTTP/2: which stand, which have room, and which come about.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::line::{self, Driver, Line};
use crate::pool::PoolRules;
use crate::reason::Reason;
use crate::registry::Backend;
use crate::upstream::{Member, Upstream};
use crate::worker::Worker;

/// How a dial ended; `None` until it has.
pub(crate) type Dialled = watch::Receiver<Option<Result<(), Reason>>>;

/// What there is for a request.
pub(crate) enum Found {
    /// A place on a connection.
    Ticket(Ticket),
    /// A connection comes about: look again when it has.
    Wait(Dialled),
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
    dialling: Option<Dialled>,
}

/// All connections of one worker. The lock is the worker's own.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<Group>>);

impl Lines {
    /// A place for one request to `member`. One connection is made at a time: whoever comes meanwhile waits for it.
    pub(crate) fn find(&self, worker: &Arc<Worker>, upstream: &Upstream, member: &Member) -> Found {
        let now = worker.deadlines.now();
        let mut groups = self.groups();
        let group = group(&mut groups, &member.backend);
        group.rules = Some(upstream.pool_rules);
        let age = upstream.pool_rules.age;
        if let Some(line) = group.lines.iter().find(|line| line.has_room(now, age)) {
            return Found::Ticket(Ticket::new(line, worker));
        }
        group.lines.retain(|line| !line.is_finished(now, age));
        if let Some(dialling) = &group.dialling {
            return Found::Wait(dialling.clone());
        }
        let (dialled, waits) = watch::channel(None);
        group.dialling = Some(waits.clone());
        tokio::spawn(dial(Arc::clone(worker), Arc::clone(&member.backend), member.address.clone(), dialled));
        Found::Wait(waits)
    }

    /// Lets go of what has been unused or has existed for too long, and of what has ended.
    pub(crate) fn sweep(&self, now: u32) {
        for group in &mut *self.groups() {
            let Some(rules) = group.rules else { continue };
            group.lines.retain(|line| !line.is_finished(now, rules.age) && !line.is_idle(now, rules.idle));
        }
    }

    /// Lets go of everything. What carries requests ends with the last of them.
    pub(crate) fn clear(&self) {
        for group in &mut *self.groups() {
            group.lines.clear();
        }
    }

    fn dialled(&self, backend: &Backend, line: Option<Arc<Line>>) {
        let mut groups = self.groups();
        let group = group(&mut groups, backend);
        group.dialling = None;
        group.lines.extend(line);
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
async fn dial(
    worker: Arc<Worker>,
    backend: Arc<Backend>,
    address: crate::connect::Address,
    dialled: watch::Sender<Option<Result<(), Reason>>>,
) {
    // Whatever becomes of it, nobody waits for ever.
    let mut dialling = Dialling { worker: &worker, backend: &backend, dialled: &dialled, is_told: false };
    let made = make(&worker, &backend, &address).await;
    let driver = match made {
        Ok((line, driver)) => {
            dialling.tell(Some(line), Ok(()));
            driver
        }
        Err(reason) => {
            dialling.tell(None, Err(reason));
            return;
        }
    };
    drop(dialling);
    drop((worker, backend));
    drive(driver).await;
}

async fn drive(mut driver: Driver) {
    poll_fn(|cx| driver.poll(cx)).await;
}

async fn make(
    worker: &Arc<Worker>,
    backend: &Arc<Backend>,
    address: &crate::connect::Address,
) -> Result<(Arc<Line>, Driver), Reason> {
    let began = std::time::Instant::now();
    let stream = match worker.shared.connect.connect(address).await {
        Ok(stream) => stream,
        Err(error) => {
            if error.is_of_backend() {
                worker.shared.connect_failed(backend, began);
            }
            return Err(error.reason());
        }
    };
    stream.bound_unsent();
    let pinned = worker.snapshot();
    let patience = crate::deadline::Ticks::of(address.connect_timeout);
    line::open(stream, &pinned.0.settings, patience, &worker.deadlines).await
}

struct Dialling<'a> {
    worker: &'a Worker,
    backend: &'a Backend,
    dialled: &'a watch::Sender<Option<Result<(), Reason>>>,
    is_told: bool,
}

impl Dialling<'_> {
    fn tell(&mut self, line: Option<Arc<Line>>, result: Result<(), Reason>) {
        self.is_told = true;
        self.worker.lines.dialled(self.backend, line);
        let _ = self.dialled.send(Some(result));
    }
}

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell(None, Err(Reason::Internal));
        }
    }
}
