//! A backend that a request has in hand: it counts as in flight there until it is dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::roster::{Member, Roster};
use super::{Pinned, Unpicked};
use crate::circuit::{Admitted, Turn};
use crate::clock;
use crate::events::{CircuitState, CircuitTurned, Kind};
use crate::outage::Outage;
use crate::outcome::Made;
use crate::statistics::Counted;
use crate::timers::Due;
use crate::trace::Trace;
use crate::upstream::Lack;

/// A request's hold on a backend.
#[derive(Debug)]
pub(crate) struct Hold {
    roster: Arc<Pinned>,
    /// The place in the roster.
    pub(crate) place: usize,
    shard: usize,
    /// One of a limited number of places is held.
    is_admitted: bool,
    /// How the backend's circuit let the request through, until its outcome is known.
    circuit: Option<Admitted>,
    /// When it was taken, where latency is measured and the outcome is not known yet.
    open_since: Option<Instant>,
}

impl Hold {
    /// A hold on the backend at `place`.
    ///
    /// # Errors
    /// It takes no more requests.
    #[inline]
    pub(super) fn of(
        roster: &Arc<Pinned>,
        place: usize,
        (shard, now): (usize, Duration),
    ) -> Result<Self, Unpicked> {
        let Some(member) = roster.0.members.get(place) else { return Err(Unpicked::Nobody(Lack::Backends)) };
        let circuit = match &member.circuit {
            None => None,
            Some(circuit) => Some(circuit.admit(now).map_err(|_| Unpicked::Nobody(Lack::Circuits))?),
        };
        let is_admitted = member.max_requests.is_some();
        if let Some(most) = member.max_requests
            && !member.backend.admit(most)
        {
            circuit.into_iter().for_each(|admitted| abandon(member, admitted));
            return Err(Unpicked::Full);
        }
        member.backend.begin(shard);
        Ok(Self { roster: Arc::clone(roster), place, shard, is_admitted, circuit, open_since: None })
    }

    /// The backends that it is one of.
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster.0
    }

    /// The backend.
    #[inline]
    pub(crate) fn member(&self) -> &Member {
        &self.roster.0.members[self.place]
    }

    /// Latency is measured: a request whose client leaves first has taken so long at least.
    pub(super) fn measured(mut self) -> Self {
        self.open_since = Some(clock::now());
        self
    }

    /// The request was answered, well or badly, or has failed by the backend's fault.
    #[inline]
    pub(crate) fn answered(&mut self, is_ok: bool, made: &Made<'_>) {
        self.open_since = None;
        if let Some(admitted) = self.circuit.take() {
            self.tell_circuit(admitted, is_ok, made);
        }
    }

    /// What the backend gave is counted: an answer, by its status and how long it took.
    #[inline]
    pub(crate) fn count(&self, counted: &Counted) {
        self.member().backend.count(self.shard, counted);
    }

    /// The answer that was counted last has broken off.
    #[cold]
    pub(crate) fn broke(&self, trace: &Trace) {
        let last = trace.attempts.get(trace.attempt_count.saturating_sub(1) as usize);
        if last.is_none_or(|last| last.status < 500) {
            self.member().backend.broke(self.shard);
        }
    }

    fn tell_circuit(&self, admitted: Admitted, is_ok: bool, made: &Made<'_>) {
        let member = self.member();
        let Some(circuit) = &member.circuit else { return };
        let turn = if is_ok {
            circuit.succeeded(admitted, made.shard, made.now())
        } else {
            circuit.failed(admitted, made.shard, made.now())
        };
        let (upstream, backend) = (&*made.upstream.spec.name, &*member.backend.id);
        match turn {
            // That it is half open is told when it is due.
            Turn::None | Turn::HalfOpened => {}
            Turn::Opened(until) => {
                member.backend.set_out(Outage::CIRCUIT, true);
                made.registry.timers.add(until, Due::HalfOpen, Arc::downgrade(&member.backend));
                tracing::warn!(upstream, backend, "circuit of the backend opened: too many requests fail");
                let told = || CircuitTurned::new(upstream, Some(backend), CircuitState::Open);
                made.registry.events.emit_with(Kind::CircuitOpened, told);
            }
            Turn::Closed => {
                tracing::info!(upstream, backend, "circuit of the backend closed");
                let told = || CircuitTurned::new(upstream, Some(backend), CircuitState::Closed);
                made.registry.events.emit_with(Kind::CircuitClosed, told);
            }
        }
    }
}

fn abandon(member: &Member, admitted: Admitted) {
    if let Some(circuit) = &member.circuit {
        circuit.abandoned(admitted);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let member = &self.roster.0.members[self.place];
        member.backend.end(self.shard);
        if let Some(since) = self.open_since {
            member.backend.took_at_least(self.shard, clock::since(since));
        }
        if self.is_admitted {
            member.backend.give_back();
        }
        self.circuit.take().into_iter().for_each(|admitted| abandon(member, admitted));
    }
}
