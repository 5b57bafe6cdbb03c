//! How a dead backend is found alive again: a connect through the seam that requests use.

use std::sync::Arc;
use std::time::Duration;

use health::{Probe, ProbeError, ProbeFuture, State};

use crate::connect::{Address, Connect};
use crate::events::{BackendMarked, BackendState, Cause, Kind};
use crate::outage::Outage;
use crate::registry::{Backend, Marked, Registry};

/// For a probe's name look-up and for its connect.
const PATIENCE: Duration = Duration::from_secs(2);

/// Probes by connecting, and closing.
pub(crate) struct TcpProbe(pub(crate) Arc<dyn Connect>);

impl Probe<Marked> for TcpProbe {
    fn probe<'a>(&'a self, key: &'a Marked) -> ProbeFuture<'a> {
        Box::pin(async move {
            let address = Address {
                secure: None,
                announces: None,
                destination: key.0.destination.clone(),
                named: key.0.named,
                resolved: key.0.resolved,
                dns_timeout: PATIENCE,
                connect_timeout: PATIENCE,
            };
            match self.0.connect(&address).await {
                Ok(_stream) => Ok(()),
                Err(error) => Err(ProbeError::Failed(error.to_string().into())),
            }
        })
    }
}

/// Has pickers leave a dead backend out, and tells of it.
pub(crate) fn on_change(backend: &Arc<Backend>, state: State, registry: &Registry) {
    let is_dead = state == State::Dead;
    if !is_dead {
        backend.warm_up(registry);
    }
    backend.set_out(Outage::CONNECT, is_dead);
    let (upstream, id) = (&*backend.upstream.name, &*backend.id);
    if is_dead {
        tracing::warn!(upstream, backend = id, "backend is dead: connects fail");
    } else {
        tracing::info!(upstream, backend = id, "backend is alive again");
    }
    let state = if is_dead { BackendState::Down } else { BackendState::Up };
    registry.events.emit_with(Kind::BackendMarked, || BackendMarked::new(backend, state, Cause::Connect));
}
