//! What is asked of backends by itself, away from traffic: active checks, agents, and the addresses of names.

mod agent;
mod names;
mod watched;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use egress::Destination;
use health::{Checks, Outcome, Probe, ProbeError, ProbeFuture, Reporter, Transition, Watch};

use crate::clock;
use crate::connect::{Address, Connect};
use crate::events::{BackendMarked, BackendState, Cause, Kind};
use crate::outage::Outage;
use crate::registry::{Backend, Marked, Registry};
use crate::snapshot::Snapshot;
use crate::spec::CheckSpec;
use crate::upstream::{Member, Upstream};
pub(crate) use watched::Watched;
use watched::{Label, Wanted};

/// What an active check asks of a backend.
///
/// It runs on the runtime of the proxy's control, never on a worker's. Its time is bounded by the caller, and it is
/// dropped where the backend is no longer of interest.
pub trait Check: Send + Sync {
    /// One check; `Ok` means that the backend is well.
    ///
    /// # Errors
    /// Why it is not.
    fn check<'a>(&'a self, target: &'a CheckTarget) -> ProbeFuture<'a>;
}

/// The backend that a check is for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckTarget {
    /// Where it is asked; the port is that of the check, where it has one of its own.
    pub address: Address,
    /// The backend's own name, with its port where that is not 80: what Host says where nothing else is asked for.
    pub host: String,
}

/// All checks of a proxy, and what they are of.
pub(crate) struct Keeper {
    watch: Watch<Watched>,
    /// Until somebody runs it.
    checks: Mutex<Option<Checks<Watched>>>,
    wanted: Mutex<HashMap<Label, Wanted>>,
}

impl Keeper {
    pub(crate) fn new(registry: &Arc<Registry>, reporter: Reporter<Marked>) -> Arc<Self> {
        let registry = Arc::clone(registry);
        let checks = Checks::new(move |watched: &Watched, outcome: Outcome| {
            told(watched, &outcome, (&registry, &reporter));
        });
        Arc::new(Self { watch: checks.watch(), checks: Mutex::new(Some(checks)), wanted: Mutex::default() })
    }

    /// The checks, where nobody runs them yet.
    pub(crate) fn take(&self) -> Option<Checks<Watched>> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Checks from now on what `snapshot` asks for, and nothing else. What is checked as before goes on.
    pub(crate) fn follow(self: &Arc<Self>, snapshot: &Snapshot, connect: &Arc<dyn Connect>) {
        let mut wanted = HashMap::new();
        for upstream in snapshot.upstreams.values() {
            self.gather(upstream, connect, &mut wanted);
        }
        self.replace(wanted, |_| true);
    }

    /// The same for one upstream, whose backends have changed.
    pub(super) fn follow_one(self: &Arc<Self>, upstream: &Arc<Upstream>, connect: &Arc<dyn Connect>) {
        let mut wanted = HashMap::new();
        self.gather(upstream, connect, &mut wanted);
        self.replace(wanted, |watched| watched.upstream() == upstream.spec.name);
    }

    /// Has `wanted` take the place of all that is watched and `concerns` the caller.
    fn replace(&self, wanted: HashMap<Label, Wanted>, concerns: impl Fn(&Watched) -> bool) {
        let mut held = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|label, Wanted { watched, .. }| {
            let stays = !concerns(watched) || wanted.contains_key(label);
            if !stays {
                self.watch.forget(watched);
                watched.forgotten();
            }
            stays
        });
        for (label, wanted) in wanted {
            let is_same = held.get(&label).is_some_and(|held| held.is_same(&wanted));
            if !is_same {
                // With another key, what went on before would go on beside it, and its word would stay.
                if let Some(former) = held.get(&label).filter(|held| held.watched != wanted.watched) {
                    self.watch.forget(&former.watched);
                    former.watched.forgotten();
                }
                self.watch.watch(wanted.watched.clone(), wanted.settings, Arc::clone(&wanted.probe));
                held.insert(label, wanted);
            }
        }
    }

    fn gather(
        self: &Arc<Self>,
        upstream: &Arc<Upstream>,
        connect: &Arc<dyn Connect>,
        wanted: &mut HashMap<Label, Wanted>,
    ) {
        let spec = &upstream.spec;
        let roster = upstream.roster(0);
        for member in &roster.0.members {
            if let Some(check) = &spec.check {
                let probe = Checking::of(check, member, connect);
                let watched = Watched::check(&member.backend, check);
                wanted.extend([Wanted::of(watched, upstream, (check.settings, probe)).labelled()]);
            }
            if let Some(agent) = &spec.agent {
                let (settings, probe) = agent::Asking::of(agent, member, (connect, upstream.registry()));
                let watched = Watched::agent(&member.backend);
                wanted.extend([Wanted::of(watched, upstream, (settings, probe)).labelled()]);
            }
        }
        for backend in &spec.backends {
            if let Some((watched, settings, probe)) = names::Resolving::of(backend, upstream, (connect, self))
            {
                wanted.extend([Wanted::of(watched, upstream, (settings, probe)).labelled()]);
            }
        }
    }
}

/// Asks what a check asks; without one of its own, whether a connection can be made.
struct Checking {
    check: Option<Arc<dyn Check>>,
    connect: Arc<dyn Connect>,
    target: CheckTarget,
}

impl Checking {
    fn of(spec: &CheckSpec, member: &Member, connect: &Arc<dyn Connect>) -> Self {
        let address = at_port(&member.address, spec.port, spec.settings.timeout);
        let host = String::from_utf8_lossy(&member.host).into_owned();
        Self {
            check: spec.check.clone(),
            connect: Arc::clone(connect),
            target: CheckTarget { address, host },
        }
    }
}

impl Probe<Watched> for Checking {
    fn probe<'a>(&'a self, _: &'a Watched) -> ProbeFuture<'a> {
        match &self.check {
            Some(check) => check.check(&self.target),
            None => Box::pin(async {
                let connected = self.target.address.open(&*self.connect, None).await;
                connected.map(drop).map_err(ProbeError::failed)
            }),
        }
    }
}

/// The same address with another port, and no more time than a check has.
fn at_port(address: &Address, port: Option<u16>, timeout: std::time::Duration) -> Address {
    let mut address = address.clone();
    address.connect_timeout = timeout;
    if let (Some(port), Destination::Host { host, .. }) = (port, &address.destination) {
        address.destination = Destination::host(host.clone(), port);
        address.resolved = address.resolved.map(|resolved| SocketAddr::new(resolved.ip(), port));
    }
    address
}

/// A probe has ended.
fn told(watched: &Watched, outcome: &Outcome, (registry, reporter): (&Registry, &Reporter<Marked>)) {
    let Watched::Check { backend, asks_more, is_elsewhere } = watched else { return };
    if outcome.succeeded && !is_elsewhere {
        // It takes connections where requests go.
        let began = clock::now().checked_sub(outcome.took).unwrap_or_else(clock::now);
        reporter.connect_succeeded_since(backend, began);
    }
    let backend = &backend.0;
    let (upstream, id) = (&*backend.upstream.name, &*backend.id);
    match outcome.transition {
        Transition::Died => {
            backend.set_out(Outage::CHECK, true);
            let error = outcome.error.as_deref();
            tracing::warn!(upstream, backend = id, error, "backend is out: active checks fail");
            let told = || BackendMarked::new(backend, BackendState::Down, Cause::Check).because(error);
            registry.events.emit_with(Kind::BackendMarked, told);
        }
        Transition::Revived => {
            backend.warm_up(registry);
            backend.set_out(Outage::CHECK, false);
            tracing::info!(upstream, backend = id, "backend is back: active checks pass");
            let told = || BackendMarked::new(backend, BackendState::Up, Cause::Check);
            registry.events.emit_with(Kind::BackendMarked, told);
        }
        Transition::Unchanged => {}
    }
    if outcome.succeeded && *asks_more {
        end_ejection(backend, registry);
    }
}

/// A backend that answers its checks well is not kept out for what it answered before. Envoy's
/// `successful_active_health_check_uneject_host`; a connection alone says nothing of answers.
fn end_ejection(backend: &Arc<Backend>, registry: &Registry) {
    if !backend.outages().has(Outage::EJECTED) {
        return;
    }
    let now = registry.now();
    let mut outliers = backend.upstream.outliers.lock().unwrap_or_else(PoisonError::into_inner);
    if outliers.return_early(&backend.number, now) {
        drop(outliers);
        crate::keeping::returned(backend, registry);
    }
}
