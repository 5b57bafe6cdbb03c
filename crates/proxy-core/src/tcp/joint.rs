//! Two connections, joined: what comes from one side goes to the other.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http1::framing::BodyLength;

use super::caller::Caller;
use super::reach::Reached;
use crate::channel::{Broken, Channel};
use crate::clock;
use crate::deadline::{Slot, Ticks};
use crate::gate::Pass;
use crate::outcome::{Made, Seen};
use crate::pump::{End, Pump};
use crate::reason::Reason;
use crate::snapshot::Compiled;
use crate::upstream::{Hold, Upstream};
use crate::wire::{Wire, Writer};
use crate::worker::Worker;

/// A client and its backend.
pub(super) struct Joint<'j> {
    client: Wire,
    backend: Wire,
    up: Flow,
    down: Flow,
    hold: Hold,
    /// Until the backend has shown that it does more than take connections.
    unproven: Option<Unproven>,
    _pass: Option<Pass>,
    worker: &'j Arc<Worker>,
    slot: &'j Slot,
    patience: Patience,
    /// How long nothing may move, as things stand.
    idle: Ticks,
    /// It ends before its time, and both sides are to see that.
    is_cut: bool,
}

/// What is to be learnt of a backend.
struct Unproven {
    upstream: Arc<Upstream>,
    /// How long its connection took to come about.
    took: Duration,
}

/// How long nothing may move.
#[derive(Clone, Copy, Debug)]
struct Patience {
    whole: Ticks,
    /// One direction has ended: who has ended it is mostly gone, and nobody is told of the rest of that.
    half: Ticks,
}

/// One direction.
struct Flow {
    pump: Pump,
    /// The side that it goes to takes no more.
    is_broken: bool,
}

impl Flow {
    const fn new() -> Self {
        Self { pump: Pump::new(true), is_broken: false }
    }

    fn is_over(&self) -> bool {
        self.pump.is_done() || self.is_broken
    }

    /// True where bytes were taken from one side and not yet by the other.
    fn is_held_up(&self) -> bool {
        !self.is_over() && self.pump.waits_for == End::To
    }

    /// Moves what can be moved.
    ///
    /// # Errors
    /// The side that it comes from has broken.
    fn poll(&mut self, from: &mut Wire, to: &mut Wire, cx: &mut Context<'_>) -> Result<(), Broken> {
        if self.is_over() {
            return Ok(());
        }
        match self.pump.poll(from, to, cx) {
            Poll::Ready(Err((End::From, broken))) => return Err(broken),
            // What that side has still sent itself is passed on.
            Poll::Ready(Err((End::To, _))) => self.is_broken = true,
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        Ok(())
    }
}

impl<'j> Joint<'j> {
    pub(super) fn new(
        caller: Caller,
        reached: Reached,
        settings: &Compiled,
        (worker, slot): (&'j Arc<Worker>, &'j Slot),
    ) -> Self {
        let Reached { stream, hold, upstream, pass, took } = reached;
        let mut backend = Wire::new(stream);
        backend.expect(BodyLength::UntilClose, u64::MAX);
        backend.frame(Writer::Tunnel);
        let whole = settings.tunnel_idle_timeout;
        Self {
            client: caller.into_tunnel(),
            backend,
            up: Flow::new(),
            down: Flow::new(),
            hold,
            unproven: Some(Unproven { upstream, took }),
            _pass: pass,
            worker,
            slot,
            patience: Patience { whole, half: whole.min(settings.body_idle_timeout) },
            idle: Ticks(0),
            is_cut: true,
        }
    }

    /// Ready once both directions have ended, or with the reason why they ended before their time.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        let before = (self.up.pump.moved, self.down.pump.moved);
        let down = self.down.poll(&mut self.backend, &mut self.client, cx);
        self.judge();
        if down.is_err() {
            self.backend_broke(cx);
            return Poll::Ready(Err(Reason::UpstreamReset));
        }
        if self.up.poll(&mut self.client, &mut self.backend, cx).is_err() {
            return Poll::Ready(Err(Reason::ClientGone));
        }
        if self.up.is_over() && self.down.is_over() {
            self.is_cut = self.down.is_broken;
            return Poll::Ready(if self.is_cut { Err(Reason::ClientGone) } else { Ok(()) });
        }
        self.poll_idle(before != (self.up.pump.moved, self.down.pump.moved))
    }

    /// Ready once nothing has moved for too long.
    fn poll_idle(&mut self, has_moved: bool) -> Poll<Result<(), Reason>> {
        let has_half_ended = self.up.is_over() || self.down.is_over();
        let idle = if has_half_ended { self.patience.half } else { self.patience.whole };
        if has_moved || idle != self.idle {
            self.idle = idle;
            self.slot.set(Some(idle));
        }
        if !self.slot.is_expired() {
            return Poll::Pending;
        }
        // Where nothing is on its way, nothing is lost.
        self.is_cut = self.up.is_held_up() || self.down.is_held_up();
        Poll::Ready(Err(Reason::TunnelTimeout))
    }

    /// A backend that says something, or ends in order, is well.
    fn judge(&mut self) {
        let has_proved = self.down.pump.bytes > 0 || self.down.pump.is_done();
        let Some(Unproven { upstream, took }) = self.unproven.take_if(|_| has_proved) else { return };
        let seen = Seen { is_error: false, is_busy: false, is_measured: true, took, retry_after: None };
        made(&upstream, self.worker).answered(&mut self.hold, &seen);
    }

    /// What came before goes out, as far as it does so at once. A backend that has not even said a word only takes
    /// connections: another may do better.
    fn backend_broke(&mut self, cx: &mut Context<'_>) {
        let _ = self.client.poll_flush(cx);
        if let Some(Unproven { upstream, .. }) = self.unproven.take() {
            made(&upstream, self.worker).failed(&mut self.hold, Reason::UpstreamReset);
        }
    }
}

fn made<'m>(upstream: &'m Upstream, worker: &'m Worker) -> Made<'m> {
    Made { upstream, registry: &worker.shared.registry, shard: worker.shard, at: clock::now() }
}

impl Drop for Joint<'_> {
    /// Whoever reads until the end must not take this for one.
    fn drop(&mut self) {
        if self.is_cut {
            self.client.stream.set_abort();
            self.backend.stream.set_abort();
        }
    }
}
