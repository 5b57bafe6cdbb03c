//! A proxy as its owner sees it: built, run, changed while it runs.

mod counters;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use egress::{Egress, Policy};
use health::Manual;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::accept::{self, Door};
use crate::challenges::Challenges;
use crate::connect::Connect;
use crate::events::{BackendSet, Events, Kind};
use crate::gate::Gate;
use crate::observe::Observer;
use crate::outage::Outage;
use crate::publish::Prepared;
use crate::registry::{Registry, nanos};
use crate::service::ProxyService;
use crate::snapshot::{BuildError, Snapshot};
use crate::spec::{Blueprint, RouteSpec, Settings, UpstreamSpec};
use crate::supervisor::{self, Listeners};
use crate::upstream::Member;
use crate::worker::{Shared, Worker};

pub use counters::{AllStatistics, BackendName, Meter, Meters, Refreshed};

/// A reverse proxy. It is built with [`Proxy::builder`], runs with [`Proxy::run`] or [`Proxy::run_workers`], or
/// serves as a [`ProxyService`]; a [`Handle`] changes what it serves meanwhile.
pub struct Proxy {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// Changes are made one after another.
    changes: Mutex<()>,
}

/// Collects what a proxy is built from.
pub struct Builder {
    blueprint: Blueprint,
    connect: Option<Arc<dyn Connect>>,
    observers: Vec<Arc<dyn Observer>>,
    events: Events,
    workers: usize,
}

impl Builder {
    /// With these settings.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.blueprint.settings = settings;
        self
    }

    /// With one more upstream.
    #[must_use]
    pub fn upstream(mut self, upstream: UpstreamSpec) -> Self {
        self.blueprint.upstreams.push(Arc::new(upstream));
        self
    }

    /// With one more route.
    #[must_use]
    pub fn route(mut self, route: RouteSpec) -> Self {
        self.blueprint.routes.push(Arc::new(route));
        self
    }

    /// With everything that `blueprint` says, in place of what was said before.
    #[must_use]
    pub fn blueprint(mut self, blueprint: Blueprint) -> Self {
        self.blueprint = blueprint;
        self
    }

    /// With something else than the default dialler.
    ///
    /// # Defaults
    /// [`Egress`] with its default policy.
    #[must_use]
    pub fn connect(mut self, connect: Arc<dyn Connect>) -> Self {
        self.connect = Some(connect);
        self
    }

    /// With one more observer.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// With this bus of events in place of one of its own: who subscribes before the proxy is built misses nothing.
    #[must_use]
    pub fn events(mut self, events: Events) -> Self {
        self.events = events;
        self
    }

    /// With counters for that many workers. More may run; they share counters then.
    ///
    /// # Defaults
    /// As many as there are cores.
    #[must_use]
    pub const fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Compiles it.
    ///
    /// # Errors
    /// What cannot be served.
    pub fn build(self) -> Result<Proxy, BuildError> {
        let mut registry = Registry::new(self.workers.max(1));
        registry.events = self.events;
        let registry = Arc::new(registry);
        let snapshot = Snapshot::compile(self.blueprint, &registry, None)?;
        let connect = self.connect.unwrap_or_else(|| Arc::new(Egress::new(Policy::default())));
        let shared = Arc::new(Shared::new(snapshot, registry, connect, self.observers));
        Ok(Proxy { inner: Arc::new(Inner { shared, changes: Mutex::new(()) }) })
    }
}

impl Proxy {
    /// Begins one.
    pub fn builder() -> Builder {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Builder {
            blueprint: Blueprint::default(),
            connect: None,
            observers: Vec::new(),
            events: Events::default(),
            workers,
        }
    }

    /// A handle to change it, and to read its statistics.
    pub fn handle(&self) -> Handle {
        Handle { inner: Arc::clone(&self.inner) }
    }

    /// Has `release` called on a worker's own thread, at most once a second, when that worker has freed much memory: some
    /// allocators keep what a thread has freed until it asks them to give it back. The first one that is set counts.
    pub fn on_released(&self, release: fn()) {
        let _ = self.inner.shared.release.set(release);
    }

    /// Serves what comes in at `listener` on the caller's runtime, until `shutdown`; what is in flight then may
    /// end within the drain timeout.
    ///
    /// # Tasks
    /// One for each connection, one for each listener, all ended when this future is.
    ///
    /// # Cancel safety
    /// Dropping the future stops accepting and looking over deadlines at once, and leaves connections to
    /// themselves: end it by `shutdown`.
    pub async fn run(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let worker = Worker::new(0, &self.inner.shared);
        let (ending, ends) = watch::channel(false);
        let serving = accept::serve(vec![Door::Tcp(listener)], worker, ends, true);
        let work = async {
            tokio::join!(serving, async {
                shutdown.await;
                let _ = ending.send(true);
            });
        };
        self.probing(work).await;
    }

    /// Serves what comes in at `listeners` with a thread for each worker, until `shutdown`; what is in flight
    /// then may end within the drain timeout. A worker that panics is replaced, and its backlog served.
    ///
    /// # Errors
    /// A worker's thread cannot be started.
    ///
    /// # Tasks
    /// Probes and checks of backends run inside this future, away from the workers.
    pub async fn run_workers(
        &self,
        listeners: Listeners,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        self.probing(supervisor::run(Arc::clone(&self.inner.shared), listeners, shutdown)).await
    }

    /// The pipeline as a [`tower_service::Service`], on whatever runtime it is called on.
    pub fn service(&self) -> ProxyService {
        ProxyService::new(Worker::new(0, &self.inner.shared))
    }

    /// Does `work`, and looks after backends meanwhile, unless somebody else does.
    async fn probing<T>(&self, work: impl Future<Output = T>) -> T {
        let Some(tending) = self.inner.shared.take_tending() else { return work.await };
        let mut work = std::pin::pin!(work);
        let mut tending = std::pin::pin!(tending.run(std::future::pending::<()>()));
        tokio::select! {
            done = &mut work => done,
            () = &mut tending => work.await,
        }
    }
}

/// How a backend is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendStatus {
    /// Its id; with `@` and an address behind it where its name stands for several.
    pub id: String,
    /// Why it gets no requests; none where it does.
    pub outage: Outage,
    /// Since when there is another cause for that than draining.
    pub dead_since: Option<SystemTime>,
    /// Requests that it has in hand.
    pub in_flight: u32,
    /// What a request to it is expected to take, where that is measured.
    pub latency: Option<Duration>,
}

/// How a gate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStatus {
    /// Requests in flight.
    pub active: u32,
    /// So many may be in flight.
    pub limit: u32,
    /// Requests that wait.
    pub waiting: u32,
    /// Those that have waited for longest are given up.
    pub is_overloaded: bool,
}

impl QueueStatus {
    fn of(gate: &Gate) -> Self {
        Self {
            active: gate.active(),
            limit: gate.limit(),
            waiting: gate.waiting(),
            is_overloaded: gate.is_overloaded(),
        }
    }
}

/// Changes a proxy while it runs, and reads its statistics. Cheap to clone.
///
/// A change is whole or not at all: requests that began before it are served as they were, all later ones as
/// the change says. Connections, and what was learnt of backends, outlive it.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

impl Handle {
    /// Replaces everything that is served.
    ///
    /// # Errors
    /// What cannot be served; nothing has changed then.
    pub fn publish(&self, blueprint: Blueprint) -> Result<(), BuildError> {
        self.prepare(blueprint).map(|prepared| self.install(prepared))
    }

    /// Compiles what is to replace everything that is served, and serves it not yet: whoever has to put a change down
    /// first does so between this and [`Handle::install`]. Until then no other change is made; see [`Prepared`].
    ///
    /// # Errors
    /// What cannot be served.
    pub fn prepare(&self, blueprint: Blueprint) -> Result<Prepared<'_>, BuildError> {
        Prepared::of(&self.inner.shared, &self.inner.changes, |served| {
            *served = blueprint;
            Ok(())
        })
    }

    /// Serves what was prepared, for every request that begins from now on. It goes to the proxy that prepared it.
    pub fn install(&self, prepared: Prepared<'_>) {
        prepared.install();
    }

    /// Adds a route, or replaces the one of the same id in its place.
    ///
    /// # Errors
    /// What cannot be served; nothing has changed then.
    pub fn put_route(&self, route: RouteSpec) -> Result<(), BuildError> {
        self.change(|served| {
            let route = Arc::new(route);
            match served.routes.iter_mut().find(|held| held.id == route.id) {
                Some(held) => *held = route,
                None => served.routes.push(route),
            }
            Ok(())
        })
    }

    /// Removes a route.
    ///
    /// # Errors
    /// [`BuildError::Unknown`] where there is none of that id.
    pub fn remove_route(&self, id: &str) -> Result<(), BuildError> {
        self.change(|served| {
            let before = served.routes.len();
            served.routes.retain(|route| route.id != id);
            if served.routes.len() == before {
                Err(BuildError::Unknown { name: id.to_owned() })
            } else {
                Ok(())
            }
        })
    }

    /// Adds an upstream, or replaces the one of the same name.
    ///
    /// # Errors
    /// What cannot be served; nothing has changed then.
    pub fn put_upstream(&self, upstream: UpstreamSpec) -> Result<(), BuildError> {
        self.change(|served| {
            let upstream = Arc::new(upstream);
            match served.upstreams.iter_mut().find(|held| held.name == upstream.name) {
                Some(held) => *held = upstream,
                None => served.upstreams.push(upstream),
            }
            Ok(())
        })
    }

    /// Removes an upstream.
    ///
    /// # Errors
    /// [`BuildError::Unknown`] where there is none of that name, [`BuildError::UpstreamUnknown`] where a route
    /// still names it.
    pub fn remove_upstream(&self, name: &str) -> Result<(), BuildError> {
        self.change(|served| {
            let before = served.upstreams.len();
            served.upstreams.retain(|upstream| upstream.name != name);
            if served.upstreams.len() == before {
                Err(BuildError::Unknown { name: name.to_owned() })
            } else {
                Ok(())
            }
        })
    }

    /// The challenges of an authority that are answered; whoever asks for certificates fills them in.
    pub fn challenges(&self) -> Challenges {
        self.inner.shared.challenges.clone()
    }

    /// The bus of events, for whoever wants to know what happens.
    pub fn events(&self) -> Events {
        self.inner.shared.events.clone()
    }

    /// What is served.
    pub fn blueprint(&self) -> Blueprint {
        self.inner.shared.snapshot.load().blueprint.clone()
    }

    /// How often requests were answered or broken off by the proxy, by reason.
    pub fn request_reasons(&self) -> BTreeMap<String, u64> {
        self.reasons("request")
    }

    /// How often connections were refused or ended by the proxy, by reason.
    pub fn connection_reasons(&self) -> BTreeMap<String, u64> {
        self.reasons("connection")
    }

    /// How often copies of requests were not sent, or failed, by reason.
    pub fn mirror_reasons(&self) -> BTreeMap<String, u64> {
        self.reasons("mirror")
    }

    /// Clients' connections at this moment.
    pub fn connections(&self) -> usize {
        self.inner.shared.connections()
    }

    /// The backends of an upstream as they are now; none where there is no such upstream.
    pub fn backends(&self, upstream: &str) -> Vec<BackendStatus> {
        let snapshot = self.inner.shared.snapshot.load();
        let Some(upstream) = snapshot.upstreams.get(upstream) else { return Vec::new() };
        let now = nanos(self.inner.shared.registry.now());
        let roster = upstream.roster(0);
        let status = |member: &Member| BackendStatus {
            id: member.backend.id.clone(),
            outage: member.backend.outages(),
            dead_since: member.backend.died(),
            in_flight: member.backend.in_flight(),
            latency: member.backend.latency(0, now).map(Duration::from_nanos),
        };
        roster.0.members.iter().map(status).collect()
    }

    /// Sets what somebody wants of a backend: it holds until somebody sets something else, whatever happens to the
    /// backend or is published meanwhile. A backend whose name stands for several addresses is meant with all of them.
    ///
    /// # Errors
    /// [`BuildError::Unknown`] where there is no such backend.
    pub fn set_backend(&self, upstream: &str, id: &str, state: Manual) -> Result<(), BuildError> {
        let snapshot = self.inner.shared.snapshot.load();
        let unknown = || BuildError::Unknown { name: format!("{upstream}/{id}") };
        let found = snapshot.upstreams.get(upstream).ok_or_else(unknown)?;
        if !found.spec.backends.iter().any(|backend| backend.id == id) {
            return Err(unknown());
        }
        found.state.set_manual(id, state);
        tracing::info!(upstream, backend = id, %state, "backend is set by hand");
        let told = || BackendSet::new(upstream, id, state);
        self.inner.shared.events.emit_with(Kind::BackendSet, told);
        Ok(())
    }

    /// Requests in flight and waiting at a route's gate; `None` where there is no such route or it has no gate.
    pub fn route_queue(&self, id: &str) -> Option<QueueStatus> {
        let snapshot = self.inner.shared.snapshot.load();
        snapshot.route(id)?.door.as_ref().map(|door| QueueStatus::of(&door.gate))
    }

    /// Requests in flight and waiting at an upstream's gate; `None` where there is no such upstream or it has no gate.
    pub fn upstream_queue(&self, name: &str) -> Option<QueueStatus> {
        let snapshot = self.inner.shared.snapshot.load();
        snapshot.upstreams.get(name)?.door.as_ref().map(|door| QueueStatus::of(&door.gate))
    }

    /// Retries of an upstream's requests that were paid for and are under way; `None` where there is no such upstream.
    #[doc(hidden)]
    pub fn retrying(&self, upstream: &str) -> Option<u32> {
        let snapshot = self.inner.shared.snapshot.load();
        snapshot.upstreams.get(upstream).map(|upstream| upstream.state.retrying.0.load(Relaxed))
    }

    fn reasons(&self, kind: &'static str) -> BTreeMap<String, u64> {
        let mut sum = BTreeMap::new();
        for reasons in &self.inner.shared.reasons {
            reasons.0.add_to(&mut sum, kind);
        }
        sum
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Blueprint) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        Prepared::of(&self.inner.shared, &self.inner.changes, change).map(Prepared::install)
    }
}
