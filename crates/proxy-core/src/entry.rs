//! A request's way into an upstream: through its circuit and its gate, where it has them.

use std::sync::Arc;
use std::time::Duration;

use crate::circuit::{Admitted, Circuit, Turn};
use crate::events::{CircuitState, CircuitTurned, Kind};
use crate::exchange::Context;
use crate::gate::{Pass, Priority};
use crate::reason::{Reason, Side};
use crate::trace::Trace;
use crate::upstream::Upstream;
use crate::waiting::{self, Waits};

/// What a request holds of an upstream while it is being answered.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) pass: Option<Pass>,
    admitted: Option<(Arc<Circuit>, Admitted)>,
}

impl Entry {
    /// Enters, at once or after a wait for a place.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) async fn into_upstream<W: Waits>(
        upstream: &Upstream,
        priority: Priority,
        client: &mut W,
        (context, trace): (&Context<'_>, &mut Trace),
    ) -> Result<Self, Reason> {
        let mut entry = Self::default();
        if let Some(circuit) = &upstream.circuit {
            match circuit.admit(context.now()) {
                Ok(admitted) => entry.admit(circuit, admitted, upstream),
                Err(retry_after) => {
                    trace.retry_after = Some(retry_after);
                    return Err(Reason::CircuitOpen);
                }
            }
        }
        if let Some(door) = &upstream.door {
            // Who would wait sees first whether backends have come or gone: the gate's limit follows them.
            if door.gate.active() >= door.gate.limit() {
                let _ = upstream.roster(context.shard());
            }
            entry.pass = Some(waiting::enter(door, priority, client, (context, trace)).await?);
        }
        Ok(entry)
    }

    /// Enters where nothing has to be waited for.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) fn at_once(upstream: &Upstream, context: &Context<'_>) -> Result<Self, Reason> {
        let mut entry = Self::default();
        if let Some(circuit) = &upstream.circuit {
            let admitted = circuit.admit(context.now()).map_err(|_| Reason::CircuitOpen)?;
            entry.admit(circuit, admitted, upstream);
        }
        if let Some(door) = &upstream.door {
            entry.pass = Some(door.gate.try_enter().ok_or(Reason::QueueFull)?);
        }
        Ok(entry)
    }

    fn admit(&mut self, circuit: &Arc<Circuit>, admitted: Admitted, upstream: &Upstream) {
        self.admitted = Some((Arc::clone(circuit), admitted));
        if matches!(admitted, Admitted::First(_)) {
            tell(upstream, (Kind::CircuitHalfOpen, CircuitState::HalfOpen));
        }
    }

    /// It was answered.
    pub(crate) fn answered(&mut self, is_ok: bool, upstream: &Upstream, shard: usize, now: Duration) {
        let Some((circuit, admitted)) = self.admitted.take() else { return };
        let turn = if is_ok {
            circuit.succeeded(admitted, shard, now)
        } else {
            circuit.failed(admitted, shard, now)
        };
        let name = &*upstream.spec.name;
        match turn {
            Turn::None => {}
            Turn::Opened(_) => {
                tracing::warn!(upstream = name, "circuit opened: too many requests fail");
                tell(upstream, (Kind::CircuitOpened, CircuitState::Open));
            }
            Turn::HalfOpened => tell(upstream, (Kind::CircuitHalfOpen, CircuitState::HalfOpen)),
            Turn::Closed => {
                tracing::info!(upstream = name, "circuit closed");
                tell(upstream, (Kind::CircuitClosed, CircuitState::Closed));
            }
        }
    }

    /// It failed. What is not a backend's fault says nothing of the upstream.
    pub(crate) fn failed(&mut self, reason: Reason, upstream: &Upstream, shard: usize, now: Duration) {
        if reason.side() == Side::Backend {
            self.answered(false, upstream, shard, now);
        }
    }
}

fn tell(upstream: &Upstream, (kind, state): (Kind, CircuitState)) {
    let told = || CircuitTurned::new(&upstream.spec.name, None, state);
    upstream.registry().events.emit_with(kind, told);
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some((circuit, admitted)) = self.admitted.take() {
            circuit.abandoned(admitted);
        }
    }
}
