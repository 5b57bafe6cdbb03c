//! The part of a proxy that looks after backends, away from traffic: probes, checks, and what is due by itself.

use std::sync::{Arc, PoisonError};

use crate::events::{BackendMarked, BackendState, Cause, CircuitState, CircuitTurned, Kind};
use crate::outage::Outage;
use crate::registry::{Backend, Registry};
use crate::timers::Due;
use crate::upstream::ramp;
use crate::worker::Shared;

/// Does what is due to a backend.
pub(crate) fn act(backend: &Arc<Backend>, due: Due, shared: &Shared) {
    let registry = &shared.registry;
    match due {
        Due::Return => {
            let now = registry.now();
            let mut outliers = backend.upstream.outliers.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that were ejected anew meanwhile are due later.
            let _others_have_timers_too = outliers.due(now);
            let is_back = !outliers.is_out(&backend.number);
            drop(outliers);
            if is_back && backend.outages().has(Outage::EJECTED) {
                returned(backend, registry);
            }
        }
        Due::HalfOpen => {
            if backend.set_out(Outage::CIRCUIT, false) {
                let (upstream, id) = (&*backend.upstream.name, &*backend.id);
                let told = || CircuitTurned::new(upstream, Some(id), CircuitState::HalfOpen);
                registry.events.emit_with(Kind::CircuitHalfOpen, told);
            }
        }
        Due::Warm => warm(backend, shared),
    }
}

/// An ejected backend gets requests again: one bad answer sends it back.
pub(crate) fn returned(backend: &Arc<Backend>, registry: &Registry) {
    backend.streaks.begin_probation();
    backend.warm_up(registry);
    backend.set_out(Outage::EJECTED, false);
    tracing::info!(
        upstream = &*backend.upstream.name,
        backend = &*backend.id,
        "backend is back from its ejection"
    );
    let told = || BackendMarked::new(backend, BackendState::Up, Cause::Ejection);
    registry.events.emit_with(Kind::BackendMarked, told);
}

/// A backend that warms up has got a little more of its share.
fn warm(backend: &Arc<Backend>, shared: &Shared) {
    let snapshot = shared.snapshot.load();
    let upstream = snapshot.upstreams.get(&backend.upstream.name);
    let (now, window) = (shared.registry.now(), upstream.and_then(|upstream| upstream.spec.slow_start));
    let Some((since, window)) = backend.warming(now).zip(window) else {
        backend.is_warm();
        return;
    };
    match ramp(window).next_step(since) {
        Some(next) => {
            let at = now.saturating_sub(since).saturating_add(next);
            shared.registry.timers.add(at, Due::Warm, Arc::downgrade(backend));
        }
        None => backend.is_warm(),
    }
    backend.upstream.renew();
}
