//! What stands between documents and a running proxy.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egress::{Egress, Own, Policy};
use health::Manual;
use metrics::{Settings, Tracker};
use proxy_core::{BackendStatus, BuildError, Handle, ListenAddress, Prepared, Proxy};

use crate::Plan;
use crate::acme::Status;
use crate::certificates::Keeper;
use crate::issuing::Issuing;
use crate::states::States;
use crate::tls::{LiveTls, Staged, TlsPlan};

/// Changes what a proxy serves, from one plan to the next, and what it is told of backends meanwhile. Cheap to clone.
#[derive(Clone)]
pub struct ControlPlane {
    handle: Handle,
    egress: Arc<Egress>,
    addresses: Vec<ListenAddress>,
    workers: usize,
    state_dir: Option<PathBuf>,
    /// Locked while anything changes.
    states: Arc<Mutex<States>>,
    tls: LiveTls,
    issuing: Option<Issuing>,
    tracker: Arc<Tracker>,
}

/// Why a plan cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildFailure {
    /// A file of TLS has become wrong since the plan was compiled.
    #[error("TLS cannot be served: {0}")]
    Tls(String),
    /// The blueprint cannot be served; never of a plan that was compiled.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Why a plan cannot take the place of the one that is served. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The plan listens elsewhere, or with another number of workers, or keeps its state elsewhere, or asks another authority
    /// for certificates.
    #[error("{what} cannot change while the proxy runs")]
    NeedsRestart {
        /// What differs.
        what: &'static str,
    },
    /// A file of TLS has become wrong since the plan was compiled.
    #[error("TLS cannot be served: {0}")]
    Tls(String),
    /// The blueprint cannot be served.
    #[error("the blueprint cannot be served")]
    Build(#[from] BuildError),
}

/// Why a backend cannot be set to a state. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The plan that is served does not have it.
    #[error("upstream {upstream:?} has no backend {id:?}")]
    Unknown {
        /// The upstream's name.
        upstream: String,
        /// The backend's id.
        id: String,
    },
    /// The state would not outlive the process, as it should.
    #[error("the state cannot be kept in {}", path.display())]
    Store {
        /// The file that states are kept in.
        path: PathBuf,
        /// Why it cannot be read or written.
        #[source]
        source: io::Error,
    },
}

/// A plan that is ready to be served, and not served yet.
pub(crate) struct Publication<'a> {
    control: &'a ControlPlane,
    states: MutexGuard<'a, States>,
    next: States,
    prepared: Prepared<'a>,
    staged: Staged,
    tls: TlsPlan,
    egress: Policy,
}

impl Publication<'_> {
    /// Serves it.
    pub(crate) fn install(mut self) {
        let control = self.control;
        control.handle.install(self.prepared);
        control.tls.commit(&self.tls, self.staged);
        *self.states = self.next;
        // The engine remembers what is forgotten here.
        for (upstream, id, state) in self.states.take_overruled() {
            // A backend that is gone again needs nothing.
            let _ = control.handle.set_backend(&upstream, &id, state);
        }
        if let (Some(issuing), Some(wanted)) = (&control.issuing, &self.tls.acme) {
            issuing.follow(wanted);
        }
        control.egress.replace_policy(self.egress);
    }
}

impl ControlPlane {
    /// A proxy that serves a plan, and its control plane. The caller binds the plan's addresses and runs the proxy.
    /// Backends are as somebody set them before, as far as the plan's directory remembers; what it cannot tell is in the
    /// log. Reads one small file.
    ///
    /// # Errors
    /// What cannot be served; never for a plan that was compiled.
    pub fn build(plan: Plan) -> Result<(Proxy, Self), BuildFailure> {
        let Plan { mut blueprint, addresses, workers, egress, state_dir, dialler, tls: wanted, .. } = plan;
        let tls = LiveTls::new(state_dir.as_deref());
        let written = blueprint.clone();
        let staged = tls.stage(&wanted, &mut blueprint).map_err(BuildFailure::Tls)?;
        let egress = Arc::new(Egress::new(egress));
        dialler.use_for_all(egress.clone());
        let mut states = States::read(state_dir.as_deref());
        let proxy = Proxy::builder()
            .blueprint(states.apply(&written, blueprint))
            .workers(workers)
            .connect(egress.clone())
            .build()?;
        tls.commit(&wanted, staged);
        let handle = proxy.handle();
        tls.keeper.tell(handle.events());
        let issuing = wanted
            .acme
            .map(|plan| Issuing::new(plan, (*egress).clone(), &tls, &handle).map_err(BuildFailure::Tls));
        let issuing = issuing.transpose()?;
        let states = Arc::new(Mutex::new(states));
        let tracker = Arc::new(Tracker::new(handle.clone(), Settings::default()));
        Ok((proxy, Self { handle, egress, addresses, workers, state_dir, states, tls, issuing, tracker }))
    }

    /// Keeps certificates fresh, tells of those that end soon, and keeps the figures of the tracker. To be run once, away
    /// from traffic, for as long as the proxy is.
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and run again.
    pub async fn run(&self) {
        let issuing = async {
            if let Some(issuing) = &self.issuing {
                issuing.run().await;
            }
        };
        tokio::join!(self.tls.run(), issuing, self.tracker.run());
    }

    /// What happened lately: rates, errors and percentiles. It goes on while [`run`](Self::run) does.
    pub const fn tracker(&self) -> &Arc<Tracker> {
        &self.tracker
    }

    /// Never has the data path connect to an address, whatever documents say: the control plane's own, in place of the one
    /// that was named before.
    pub fn never_dial(&self, own: SocketAddr) {
        self.egress.never_dial([Own::Tcp(own)]);
    }

    /// The same for a Unix socket.
    pub fn never_dial_socket(&self, own: impl Into<PathBuf>) {
        self.egress.never_dial([Own::Unix(own.into())]);
    }

    /// How certificates are that an authority is asked for; `None` where none is.
    pub fn issued(&self) -> Option<&Status> {
        self.issuing.as_ref().map(Issuing::status)
    }

    /// What of a plan a proxy that runs cannot take up.
    fn needs_restart(&self, plan: &Plan) -> Option<&'static str> {
        if plan.addresses != self.addresses {
            Some("the listeners' addresses")
        } else if plan.workers != self.workers {
            Some("the number of workers")
        } else if plan.state_dir != self.state_dir {
            Some("the directory of the state")
        } else if !self.issues_as(plan) {
            Some("the authority of certificates")
        } else {
            None
        }
    }

    /// True where a plan asks the same of an authority, whatever the names.
    fn issues_as(&self, plan: &Plan) -> bool {
        match (&self.issuing, &plan.tls.acme) {
            (None, None) => true,
            (Some(issuing), Some(wanted)) => issuing.is_as(wanted),
            _ => false,
        }
    }

    /// The certificates that are served, and who changes them.
    pub fn certificates(&self) -> &Keeper {
        &self.tls.keeper
    }

    /// Has the proxy serve another plan: requests that have begun end as they were, all later ones go by the plan.
    /// Connections, what was learnt of backends, and what they were set to by hand, outlive it. The plan's egress policy
    /// holds for connections that are made from now on.
    ///
    /// # Errors
    /// Why the plan cannot be served; nothing has changed then.
    pub fn publish(&self, plan: &Plan) -> Result<(), PublishError> {
        self.prepare(plan).map(Publication::install)
    }

    /// A plan made ready to be served, so that nothing can fail any more. Until the publication is installed or dropped nothing
    /// else is published, and no backend is set.
    pub(crate) fn prepare(&self, plan: &Plan) -> Result<Publication<'_>, PublishError> {
        if let Some(what) = self.needs_restart(plan) {
            return Err(PublishError::NeedsRestart { what });
        }
        plan.dialler.use_for_all(self.egress.clone());
        let states = self.states();
        let mut next = states.clone();
        let mut blueprint = plan.blueprint.clone();
        let staged = self.tls.stage(&plan.tls, &mut blueprint).map_err(PublishError::Tls)?;
        let blueprint = next.apply(&plan.blueprint, blueprint);
        let prepared = self.handle.prepare(blueprint)?;
        Ok(Publication {
            control: self,
            states,
            next,
            prepared,
            staged,
            tls: plan.tls.clone(),
            egress: plan.egress.clone(),
        })
    }

    /// Sets what somebody wants of a backend, in place of what the document says: it holds until somebody sets something
    /// else, whatever happens to the backend or is published meanwhile, and after a restart where the plan has a
    /// directory for that. [`Manual::Ready`] is forgotten at a restart, unless the document says something else.
    ///
    /// Writes a file where there is a directory, and returns once it is safe on the disk: nothing for a worker's thread.
    ///
    /// # Errors
    /// Why it cannot be set; nothing has changed then.
    pub fn set_backend(&self, upstream: &str, id: &str, state: Manual) -> Result<(), SetError> {
        let unknown = || SetError::Unknown { upstream: upstream.to_owned(), id: id.to_owned() };
        let mut states = self.states();
        states.written(upstream, id).ok_or_else(unknown)?;
        let set = states.set(upstream, id, state);
        set.map_err(|source| SetError::Store { path: states.path(), source })?;
        self.handle.set_backend(upstream, id, state).map_err(|_| unknown())
    }

    /// The backends of an upstream as they are now; none where there is no such upstream.
    pub fn backends(&self, upstream: &str) -> Vec<BackendStatus> {
        self.handle.backends(upstream)
    }

    /// The handle of the proxy. What is published or set through it is not remembered here.
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }

    fn states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
