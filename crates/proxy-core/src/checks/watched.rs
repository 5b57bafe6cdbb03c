//! What is watched, and how.

use std::sync::Arc;

use health::{CheckSettings, Probe};

use crate::outage::Outage;
use crate::registry::{Backend, Marked};
use crate::spec::{CheckSpec, UpstreamSpec};
use crate::upstream::Upstream;

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Watched {
    /// Whether a backend is well.
    Check {
        backend: Marked,
        /// More is asked of it than a connection.
        asks_more: bool,
        /// It is asked at another port than requests go to.
        is_elsewhere: bool,
    },
    /// What a backend's agent says.
    Agent(Marked),
    /// The addresses of a name in an upstream.
    Name { upstream: String, host: String },
}

impl Watched {
    pub(super) fn check(backend: &Arc<Backend>, spec: &CheckSpec) -> Self {
        let (asks_more, is_elsewhere) = (spec.check.is_some(), spec.port.is_some());
        Self::Check { backend: Marked(Arc::clone(backend)), asks_more, is_elsewhere }
    }

    pub(super) fn agent(backend: &Arc<Backend>) -> Self {
        Self::Agent(Marked(Arc::clone(backend)))
    }

    /// The name of the upstream that it is in.
    pub(super) fn upstream(&self) -> &str {
        match self {
            Self::Check { backend, .. } | Self::Agent(backend) => &backend.0.upstream.name,
            Self::Name { upstream, .. } => upstream,
        }
    }

    /// Nobody asks any more: what was said by then holds no longer.
    pub(super) fn forgotten(&self) {
        match self {
            Self::Check { backend, .. } => {
                backend.0.set_out(Outage::CHECK, false);
            }
            Self::Agent(backend) => {
                backend.0.set_out(Outage::AGENT, false);
                backend.0.set_out(Outage::AGENT_DRAIN, false);
                backend.0.set_share(100);
                backend.0.set_agent_limit(None);
            }
            Self::Name { .. } => {}
        }
    }
}

/// What is watched, told apart from everything else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Label {
    Check(u64),
    Agent(u64),
    Name(String, String),
}

/// How something is watched.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) watched: Watched,
    pub(super) settings: CheckSettings,
    pub(super) probe: Arc<dyn Probe<Watched>>,
    /// The upstream that asks for it, which is another one once it has changed.
    spec: Arc<UpstreamSpec>,
}

impl Wanted {
    pub(super) fn of(
        watched: Watched,
        upstream: &Arc<Upstream>,
        (settings, probe): (CheckSettings, impl Probe<Watched>),
    ) -> Self {
        Self { watched, settings, probe: Arc::new(probe), spec: Arc::clone(&upstream.spec) }
    }

    /// True where the same upstream asks for it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.spec, &other.spec)
    }

    pub(super) fn labelled(self) -> (Label, Self) {
        let label = match &self.watched {
            Watched::Check { backend, .. } => Label::Check(backend.0.number),
            Watched::Agent(backend) => Label::Agent(backend.0.number),
            Watched::Name { upstream, host } => Label::Name(upstream.clone(), host.clone()),
        };
        (label, self)
    }
}
