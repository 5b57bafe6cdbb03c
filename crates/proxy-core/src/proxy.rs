//! A proxy as its owner sees it: built, run, changed while it runs.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use egress::{Egress, Policy};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::accept::{self, Door};
use crate::connect::Connect;
use crate::observe::Observer;
use crate::registry::Registry;
use crate::service::ProxyService;
use crate::snapshot::{BuildError, Snapshot};
use crate::spec::{Blueprint, RouteSpec, Settings, UpstreamSpec};
use crate::statistics::Statistics;
use crate::supervisor::{self, Listeners};
use crate::worker::{Renewing, Shared, Worker};

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
        let registry = Registry::new(self.workers.max(1));
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
        Builder { blueprint: Blueprint::default(), connect: None, observers: Vec::new(), workers }
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
        let worker = Worker::new(0, Arc::clone(&self.inner.shared));
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
    /// Probes of dead backends run inside this future, away from the workers.
    pub async fn run_workers(
        &self,
        listeners: Listeners,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        self.probing(supervisor::run(Arc::clone(&self.inner.shared), listeners, shutdown)).await
    }

    /// The pipeline as a [`tower_service::Service`], on whatever runtime it is called on.
    pub fn service(&self) -> ProxyService {
        ProxyService::new(Worker::new(0, Arc::clone(&self.inner.shared)))
    }

    /// Does `work`, and probes dead backends meanwhile, unless somebody else does.
    async fn probing<T>(&self, work: impl Future<Output = T>) -> T {
        let Some(monitor) = self.inner.shared.take_monitor() else { return work.await };
        // Dropped behind the monitor: the next run has one of its own.
        let _renewing = Renewing(Arc::downgrade(&self.inner.shared));
        let mut work = std::pin::pin!(work);
        let mut probing = std::pin::pin!(monitor.run(std::future::pending::<()>()));
        tokio::select! {
            done = &mut work => done,
            () = &mut probing => work.await,
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
        self.change(|served| {
            *served = blueprint;
            Ok(())
        })
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

    /// What is served.
    pub fn blueprint(&self) -> Blueprint {
        self.inner.shared.snapshot.load().blueprint.clone()
    }

    /// What was counted of all requests.
    pub fn statistics(&self) -> Statistics {
        self.inner.shared.statistics.sum()
    }

    /// What was counted of a route's requests; `None` where there is no such route.
    pub fn route_statistics(&self, id: &str) -> Option<Statistics> {
        self.inner.shared.snapshot.load().route(id).map(|route| route.state.statistics.sum())
    }

    /// How often requests were answered or broken off by the proxy, by reason.
    pub fn request_reasons(&self) -> BTreeMap<String, u64> {
        self.reasons("request")
    }

    /// How often connections were refused or ended by the proxy, by reason.
    pub fn connection_reasons(&self) -> BTreeMap<String, u64> {
        self.reasons("connection")
    }

    /// Clients' connections at this moment.
    pub fn connections(&self) -> usize {
        self.inner.shared.connections()
    }

    /// The ids of an upstream's backends, and whether each is dead; empty where there is no such upstream.
    pub fn backends(&self, upstream: &str) -> Vec<(String, bool)> {
        let snapshot = self.inner.shared.snapshot.load();
        let members =
            snapshot.upstreams.get(upstream).map(|upstream| &*upstream.backends).unwrap_or_default();
        members.iter().map(|member| (member.backend.id.clone(), member.backend.is_dead())).collect()
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
        let _one_at_a_time = self.inner.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &self.inner.shared;
        let before = shared.snapshot.load_full();
        let mut blueprint = before.blueprint.clone();
        change(&mut blueprint)?;
        let snapshot = Snapshot::compile(blueprint, &shared.registry, Some(&before))?;
        shared.publish(snapshot);
        Ok(())
    }
}
