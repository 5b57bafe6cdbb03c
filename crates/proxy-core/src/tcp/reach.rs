//! A connection to some backend of an upstream, for a client that waits for it.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::{Duration, Instant};

use super::caller::Caller;
use crate::affinity::of_address;
use crate::clock;
use crate::deadline::Ticks;
use crate::entry::Entry;
use crate::exchange::Context;
use crate::gate::{Pass, Priority};
use crate::outcome::Made;
use crate::reason::Reason;
use crate::trace::Trace;
use crate::transport::Stream;
use crate::tries::Tries;
use crate::upstream::{Ask, Hold, Unpicked, Upstream};
use crate::waiting::Waits;

/// A backend that was reached.
pub(super) struct Reached {
    pub(super) stream: Stream,
    pub(super) hold: Hold,
    pub(super) upstream: Arc<Upstream>,
    /// The place among what the upstream has in hand.
    pub(super) pass: Option<Pass>,
    /// How long it took to come about.
    pub(super) took: Duration,
}

/// What looks for a backend.
pub(super) struct Reaching<'r> {
    caller: &'r mut Caller,
    upstream: &'r Arc<Upstream>,
    context: &'r Context<'r>,
    tries: Tries,
    /// When a backend must have been reached, in ticks.
    ends: u32,
}

impl<'r> Reaching<'r> {
    pub(super) fn new(caller: &'r mut Caller, upstream: &'r Arc<Upstream>, context: &'r Context<'r>) -> Self {
        let patience = Ticks::of(context.pinned.0.blueprint.settings.timeout);
        let ends = context.slot.now().saturating_add(patience.0);
        Self { caller, upstream, context, tries: Tries::of(upstream.spec.retries), ends }
    }

    /// Behind the circuit and the gate, asks one backend after another, until one takes the connection or none is left.
    ///
    /// # Errors
    /// The reason of the last attempt, or that there was no backend to try.
    pub(super) async fn run(mut self) -> Result<Reached, Reason> {
        let context = self.context;
        let mut trace = Trace::new(clock::now(), context.facts.peer);
        let entered =
            Entry::into_upstream(self.upstream, Priority::Normal, self.caller, (context, &mut trace)).await;
        let mut entry = entered?;
        let mut hold = self.pick().map_err(Unpicked::reason)?;
        loop {
            let began = clock::now();
            match self.connect(&hold).await {
                Ok(stream) => {
                    let took = clock::since(began);
                    self.reached(&mut hold, &mut entry);
                    let upstream = Arc::clone(self.upstream);
                    return Ok(Reached { stream, hold, upstream, pass: entry.pass.take(), took });
                }
                Err(reason) => match self.another(reason, hold) {
                    Some(next) => hold = next,
                    None => {
                        entry.failed(reason, self.upstream, context.shard(), context.now());
                        return Err(reason);
                    }
                },
            }
        }
    }

    fn pick(&self) -> Result<Hold, Unpicked> {
        let context = self.context;
        self.upstream.pick(&Ask {
            shard: context.shard(),
            now: if self.upstream.needs_now { context.now() } else { Duration::ZERO },
            // Nothing else is known of the client, whatever the upstream is told to go by.
            affinity: self.upstream.affinity.as_ref().map(|_| of_address(context.facts.peer)),
            token: None,
            tried: &self.tries.tried,
        })
    }

    fn made(&self, at: Instant) -> Made<'_> {
        let registry = &self.context.worker.shared.registry;
        Made { upstream: self.upstream, registry, shard: self.context.shard(), at }
    }

    /// Circuits are told at once: what follows may take days.
    fn reached(&self, hold: &mut Hold, entry: &mut Entry) {
        let made = self.made(clock::now());
        hold.answered(true, &made);
        entry.answered(true, self.upstream, made.shard, made.now());
    }

    /// Another backend behind one that could not be reached; `None` where there is none.
    fn another(&mut self, reason: Reason, mut hold: Hold) -> Option<Hold> {
        let made = self.made(clock::now());
        let now = made.now();
        made.failed(&mut hold, reason);
        let number = hold.member().backend.number;
        drop(hold);
        let is_open = self.upstream.circuit.as_ref().is_some_and(|circuit| circuit.is_open(now));
        if is_open || !self.tries.after_unsent(reason, &self.upstream.spec.retry) {
            return None;
        }
        self.tries.tried.push(number);
        self.pick().ok()
    }

    /// A connection to the backend. Where this machine has no means for another, those that are unused make room.
    async fn connect(&mut self, hold: &Hold) -> Result<Stream, Reason> {
        match self.dial(hold).await {
            Err(Reason::Internal) => {
                self.context.worker.pools.clear();
                self.context.worker.deadlines.end_longest_rest();
                tokio::task::yield_now().await;
                self.dial(hold).await
            }
            dialled => dialled,
        }
    }

    async fn dial(&mut self, hold: &Hold) -> Result<Stream, Reason> {
        let context = self.context;
        let shared = &context.worker.shared;
        let origin = context.facts.origin();
        let mut dialling = std::pin::pin!(shared.dial(hold.member().into(), origin, true));
        context.slot.set_at(self.ends);
        poll_fn(|cx: &mut Poller<'_>| {
            if let Poll::Ready(dialled) = dialling.as_mut().poll(cx) {
                return Poll::Ready(dialled);
            }
            if self.caller.poll_left(cx).is_ready() {
                return Poll::Ready(Err(Reason::ClientGone));
            }
            if context.slot.is_expired() {
                return Poll::Ready(Err(Reason::RequestTimeout));
            }
            Poll::Pending
        })
        .await
    }
}
