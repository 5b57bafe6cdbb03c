//! What one worker has for itself, and what all of them share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use arc_swap::ArcSwap;
use health::{Checks, Monitor, Reporter};
use tokio::sync::oneshot;

use crate::challenges::Challenges;
use crate::checks::{Keeper, Watched};
use crate::connect::Connect;
use crate::deadline::{Deadlines, TICK};
use crate::events::Events;
use crate::http2::Lines;
use crate::observe::Observer;
use crate::opening::Handshakes;
use crate::pool::Pools;
use crate::reason::Reason;
use crate::registry::{Backend, ConnectionPlace, Marked, Padded, Registry};
use crate::retired::Retired;
use crate::snapshot::Snapshot;
use crate::statistics::{Reasons, Shards};

/// What all workers share. Nothing in it is written on the hot path.
pub(crate) struct Shared {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    retired: Arc<Retired<Snapshot>>,
    /// Counts publications.
    pub(crate) generation: AtomicU64,
    pub(crate) registry: Arc<Registry>,
    pub(crate) connect: Arc<dyn Connect>,
    pub(crate) challenges: Challenges,
    pub(crate) observers: Box<[Arc<dyn Observer>]>,
    /// The registry's.
    pub(crate) events: Events,
    /// Has the allocator give back what the calling thread has freed.
    pub(crate) release: OnceLock<fn()>,
    pub(crate) statistics: Shards,
    pub(crate) reasons: Box<[Padded<Reasons>]>,
    health: Mutex<Health>,
    /// Somebody looks after the backends.
    is_tended: AtomicBool,
    /// All workers; touched only where somebody waits for a connection that one of them may hold.
    pub(crate) workers: Mutex<Vec<Weak<Worker>>>,
    connections: Padded<AtomicUsize>,
    /// So many connections may be served with the files that this process may open.
    most_by_files: usize,
    by_client: Mutex<HashMap<IpAddr, usize>>,
}

/// Who is told of failed connects, and who looks after backends.
struct Health {
    reporter: Reporter<Marked>,
    keeper: Arc<Keeper>,
    /// Until somebody runs it.
    monitor: Option<Monitor<Marked>>,
    /// Ends a run that no run of the proxy has begun.
    _ending: oneshot::Sender<()>,
    ends: Option<oneshot::Receiver<()>>,
}

impl Health {
    fn new(connect: &Arc<dyn Connect>, registry: &Arc<Registry>) -> Self {
        let told = Arc::clone(registry);
        let monitor = Monitor::new(
            health::Settings::default(),
            crate::probe::TcpProbe(Arc::clone(connect)),
            move |marked: &Marked, state| crate::probe::on_change(&marked.0, state, &told),
        );
        let (ending, ends) = oneshot::channel();
        Self {
            reporter: monitor.reporter(),
            keeper: Keeper::new(registry, monitor.reporter()),
            monitor: Some(monitor),
            _ending: ending,
            ends: Some(ends),
        }
    }
}

/// Looks after backends for as long as it is run.
pub(crate) struct Tending {
    monitor: Monitor<Marked>,
    checks: Checks<Watched>,
    registry: Arc<Registry>,
    retired: Arc<Retired<Snapshot>>,
    shared: Weak<Shared>,
    /// Dropped behind the rest: the next run has one of its own.
    _renewing: Renewing,
}

impl Tending {
    /// Probes, checks, does what is due, and frees what is served no more, until `shutdown`.
    pub(crate) async fn run(self, shutdown: impl Future) {
        let Self { monitor, checks, registry, retired, shared, _renewing } = self;
        let act = |backend: &Arc<Backend>, due| {
            if let Some(shared) = shared.upgrade() {
                crate::keeping::act(backend, due, &shared);
            }
        };
        tokio::select! {
            // In this order each time, so that what falls on the same moment happens in one.
            biased;
            _ = shutdown => {}
            () = monitor.run(std::future::pending::<()>()) => {}
            () = checks.run(std::future::pending::<()>()) => {}
            () = registry.timers.run(registry.epoch, act) => {}
            () = retired.run(|| registry.prune(0)) => {}
        }
    }
}

/// A snapshot, counted by one worker alone: taking it touches no other worker's cache line.
#[derive(Debug)]
pub(crate) struct Pinned(pub(crate) Arc<Snapshot>);

/// One worker.
pub(crate) struct Worker {
    pub(crate) shard: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) deadlines: Arc<Deadlines>,
    pub(crate) pools: Pools,
    pub(crate) lines: Lines,
    pub(crate) handshakes: Handshakes,
    is_draining: AtomicBool,
    is_over: AtomicBool,
    pinned: Mutex<(u64, Arc<Pinned>)>,
}

/// A worker as a connection holds it. A panic costs the one connection that it happened on, and is counted; the runtime
/// keeps it to the one task.
pub(crate) struct Tended(pub(crate) Arc<Worker>);

impl std::ops::Deref for Tended {
    type Target = Arc<Worker>;

    #[inline]
    fn deref(&self) -> &Arc<Worker> {
        &self.0
    }
}

impl Drop for Tended {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.count("connection", Reason::Internal);
        }
    }
}

/// So many handshakes may be under way on a worker at least.
const LEAST_HANDSHAKES: usize = 256;
/// So many bytes of buffers, when they are freed, are worth a word to the allocator.
const MUCH: usize = 512 * 1024;
/// So many connections and streams fewer than before are.
const MANY: usize = 32;

impl Shared {
    pub(crate) fn new(
        snapshot: Snapshot,
        registry: Arc<Registry>,
        connect: Arc<dyn Connect>,
        observers: Vec<Arc<dyn Observer>>,
    ) -> Self {
        let shards = registry.shards();
        snapshot.install();
        let health = Health::new(&connect, &registry);
        health.keeper.follow(&snapshot, &connect);
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            retired: Arc::default(),
            generation: AtomicU64::new(0),
            events: registry.events.clone(),
            registry,
            health: Mutex::new(health),
            is_tended: AtomicBool::new(false),
            workers: Mutex::default(),
            connect,
            challenges: Challenges::default(),
            observers: observers.into(),
            release: OnceLock::new(),
            statistics: Shards::new(shards),
            reasons: (0..shards).map(|_| Padded::default()).collect(),
            connections: Padded::default(),
            most_by_files: most_by_files(shards),
            by_client: Mutex::default(),
        }
    }

    /// Replaces what is served, for every request that begins from now on.
    pub(crate) fn publish(&self, snapshot: Snapshot) {
        snapshot.install();
        let keeper = Arc::clone(&self.health().keeper);
        keeper.follow(&snapshot, &self.connect);
        let routes = snapshot.routes.len();
        let former = self.snapshot.swap(Arc::new(snapshot));
        // Release: whoever sees the new number sees the new snapshot.
        self.generation.fetch_add(1, Release);
        self.retired.add(former);
        self.registry.prune(routes);
    }

    /// A place for one more connection.
    ///
    /// # Errors
    /// The limit that is reached.
    pub(crate) fn admit_connection(
        self: &Arc<Self>,
        client: Option<IpAddr>,
        make_room: impl FnOnce() -> bool,
    ) -> Result<Permit, Reason> {
        let snapshot = self.snapshot.load();
        let settings = &snapshot.blueprint.settings;
        let most = settings.max_connections.min(self.most_by_files);
        // One that rests goes for one that comes.
        if self.connections.0.fetch_add(1, Relaxed) >= most && !make_room() {
            self.connections.0.fetch_sub(1, Relaxed);
            return Err(Reason::ConnectionLimit);
        }
        let mut permit = Permit { shared: Arc::clone(self), client: None };
        client.map_or(Ok(()), |client| permit.take_for(client))?;
        Ok(permit)
    }

    /// Connections of clients, over all workers.
    pub(crate) fn connections(&self) -> usize {
        self.connections.0.load(Relaxed)
    }

    /// Has a backend to which connects fail probed until it is back.
    pub(crate) fn connect_failed(self: &Arc<Self>, backend: &Arc<Backend>, began: std::time::Instant) {
        let reporter = self.health().reporter.clone();
        let settings = backend.upstream.passive();
        reporter.connect_failed_with(&Marked(Arc::clone(backend)), began, &settings);
        self.ensure_tended();
    }

    /// A connection to a backend came about: where it takes several failures to be dead, they count from nought.
    #[inline]
    pub(crate) fn connect_succeeded(&self, backend: &Arc<Backend>, began: std::time::Instant) {
        if backend.upstream.passive().failures > 1 {
            let reporter = self.health().reporter.clone();
            let key = Marked(Arc::clone(backend));
            if reporter.has_failures(&key) {
                reporter.connect_succeeded_since(&key, began);
            }
        }
    }

    /// A place among the connections of a backend that takes so many: one that is unused, whichever worker holds it, ends
    /// for it.
    pub(crate) async fn place(&self, backend: &Arc<Backend>, most: u32) -> ConnectionPlace {
        let make_room = || {
            let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut workers = workers.iter().filter_map(Weak::upgrade);
            workers.any(|worker| worker.pools.close_one(backend) || worker.lines.close_one(backend));
        };
        ConnectionPlace::take(backend, most, make_room).await
    }

    /// All that looks after backends, where nobody runs it yet.
    pub(crate) fn take_tending(self: &Arc<Self>) -> Option<Tending> {
        let mut health = self.health();
        self.tending(&mut health)
    }

    fn tending(self: &Arc<Self>, health: &mut Health) -> Option<Tending> {
        let (monitor, checks) = health.monitor.take().zip(health.keeper.take())?;
        self.is_tended.store(true, Relaxed);
        let (registry, shared) = (Arc::clone(&self.registry), Arc::downgrade(self));
        let (retired, _renewing) = (Arc::clone(&self.retired), Renewing(Weak::clone(&shared)));
        Some(Tending { monitor, checks, registry, retired, shared, _renewing })
    }

    /// Begins anew where a run has ended: nothing bad is known of any backend.
    pub(crate) fn renew(&self) {
        let health = Health::new(&self.connect, &self.registry);
        health.keeper.follow(&self.snapshot.load(), &self.connect);
        *self.health() = health;
        self.is_tended.store(false, Relaxed);
        self.registry.revive();
    }

    /// Looks after backends on the runtime of the caller, where nobody does yet: for embedders that use the tower
    /// service alone.
    pub(crate) fn ensure_tended(self: &Arc<Self>) {
        if self.is_tended.load(Relaxed) {
            return;
        }
        let (tending, ends) = {
            let mut health = self.health();
            (self.tending(&mut health), health.ends.take())
        };
        if let (Some(tending), Some(ends)) = (tending, ends) {
            tokio::spawn(tending.run(ends));
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins anew when a run is over, however it ends.
struct Renewing(Weak<Shared>);

impl Drop for Renewing {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.renew();
        }
    }
}

/// A request that is forwarded needs two files, the client's connection and the backend's; some are for others.
fn most_by_files(workers: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    (limit.saturating_sub(24 + 6 * workers) / 2).max(4)
}

/// The place of one connection; given back when it is dropped.
pub(crate) struct Permit {
    shared: Arc<Shared>,
    client: Option<IpAddr>,
}

impl Permit {
    /// Counts the connection as that client's, where these are limited. Once is enough.
    ///
    /// # Errors
    /// The client has as many as it may have.
    pub(crate) fn take_for(&mut self, client: IpAddr) -> Result<(), Reason> {
        let most = self.shared.snapshot.load().blueprint.settings.max_connections_per_client;
        let Some(most) = most.filter(|_| self.client.is_none()) else { return Ok(()) };
        let mut by_client = self.shared.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        if by_client.get(&client).is_some_and(|held| *held >= most) || most == 0 {
            return Err(Reason::ClientLimit);
        }
        *by_client.entry(client).or_default() += 1;
        self.client = Some(client);
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.connections.0.fetch_sub(1, Relaxed);
        let Some(client) = self.client else { return };
        let mut by_client = self.shared.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = by_client.get_mut(&client) {
            *held -= 1;
            if *held == 0 {
                by_client.remove(&client);
            }
        }
    }
}

impl Worker {
    pub(crate) fn new(shard: usize, shared: &Arc<Shared>) -> Arc<Self> {
        let generation = shared.generation.load(Acquire);
        let pinned = Mutex::new((generation, Arc::new(Pinned(shared.snapshot.load_full()))));
        let worker = Arc::new(Self {
            shard,
            shared: Arc::clone(shared),
            deadlines: Deadlines::new(),
            pools: Pools::default(),
            lines: Lines::default(),
            handshakes: Handshakes::default(),
            is_draining: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            pinned,
        });
        let mut workers = shared.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|worker| worker.strong_count() > 0);
        workers.push(Arc::downgrade(&worker));
        drop(workers);
        worker
    }

    /// What is served now.
    #[inline]
    pub(crate) fn snapshot(&self) -> Arc<Pinned> {
        // Acquire: pairs with the release in `publish`.
        let generation = self.shared.generation.load(Acquire);
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        if pinned.0 != generation {
            *pinned = (generation, Arc::new(Pinned(self.shared.snapshot.load_full())));
        }
        Arc::clone(&pinned.1)
    }

    /// So many handshakes may be under way here.
    pub(crate) fn most_handshakes(&self) -> usize {
        let most = self.snapshot().0.blueprint.settings.max_handshakes;
        // Clients are spread unevenly: a worker of many has room for more than its share.
        most.div_ceil(self.shared.registry.shards().max(1)).max(LEAST_HANDSHAKES)
    }

    /// Counts what ended with `reason`.
    pub(crate) fn count(&self, kind: &'static str, reason: Reason) {
        if let Some(Padded(reasons)) = self.shared.reasons.get(self.shard % self.shared.reasons.len().max(1))
        {
            reasons.count(kind, reason);
        }
    }

    /// Keeps the time and looks over deadlines and pools, until it is dropped.
    pub(crate) async fn tick(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut count = 0_u32;
        let mut most_served = 0;
        loop {
            ticks.tick().await;
            self.deadlines.sweep();
            count = count.wrapping_add(1);
            if count.is_multiple_of(10) {
                self.pools.sweep(self.deadlines.now());
                self.lines.sweep(self.deadlines.now());
                self.give_back(&mut most_served);
            }
        }
    }

    /// Frees what nothing needs, and lets the allocator know where that is much.
    fn give_back(&self, most_served: &mut usize) {
        let trimmed = crate::buffer::trim();
        let served = self.deadlines.used();
        *most_served = served.max(*most_served);
        if trimmed >= MUCH || *most_served - served >= MANY {
            *most_served = served;
            if let Some(release) = self.shared.release.get() {
                release();
            }
        }
    }

    /// True once this worker has been told to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Relaxed)
    }

    /// Has every connection of this worker look at whether it may go on.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Relaxed);
        self.deadlines.wake_all();
        self.pools.clear();
        self.lines.clear();
    }

    /// True once connections are cut off, whatever they are at.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Cuts every connection off.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Relaxed);
        self.deadlines.wake_all();
    }
}
