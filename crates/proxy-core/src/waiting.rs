//! Waits of a request for something else than its backend: its turn, or the time until a further attempt.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use crate::client::Client;
use crate::clock;
use crate::deadline::{TICK, Ticks};
use crate::exchange::Context;
use crate::gate::{Entered, Gate, Pass, Priority, QueueSettings};
use crate::reason::Reason;
use crate::registry::Registry;
use crate::spec::GateSpec;
use crate::trace::Trace;
use crate::trying::HALF_CLOSED;

/// A gate as a request comes to it.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) gate: Arc<Gate>,
    /// How long one may wait.
    patience: Ticks,
}

impl Door {
    /// The gate in `place`, as it is; a new one with this limit where there is none.
    pub(crate) fn keep(
        place: &Mutex<Option<Arc<Gate>>>,
        spec: &GateSpec,
        limit: u32,
        registry: &Registry,
    ) -> Self {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = place.get_or_insert_with(|| Arc::new(Gate::new(limit, settings(spec), registry.epoch)));
        Self { gate: Arc::clone(gate), patience: Ticks::of(spec.timeout) }
    }

    /// Has the gate go by what `spec` says, and by this limit.
    pub(crate) fn install(&self, spec: &GateSpec, limit: u32) {
        self.gate.set_queue(settings(spec));
        self.gate.set_limit(limit);
    }
}

fn settings(spec: &GateSpec) -> QueueSettings {
    QueueSettings::new(spec.queue, spec.order, spec.timeout)
}

/// Who may wait for its turn.
pub(crate) trait Waits {
    /// Ready once it does so no more: its place is another's.
    fn poll_left(&mut self, cx: &mut Poller<'_>) -> Poll<()>;
}

impl<C: Client> Waits for C {
    fn poll_left(&mut self, cx: &mut Poller<'_>) -> Poll<()> {
        // Who has shut its sending side is taken to have left.
        if self.poll_gone(cx).is_ready() || self.is_leaving() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// A place among the requests in flight, at once or after a wait.
///
/// # Errors
/// Why there is none.
pub(crate) async fn enter<W: Waits>(
    door: &Door,
    priority: Priority,
    client: &mut W,
    (context, trace): (&Context<'_>, &mut Trace),
) -> Result<Pass, Reason> {
    if let Some(pass) = door.gate.try_enter() {
        return Ok(pass);
    }
    let mut waiter = match door.gate.enter(priority, context.now()) {
        Entered::Passed(pass) => return Ok(pass),
        Entered::Refused { retry_after } => {
            trace.retry_after = Some(retry_after);
            return Err(Reason::QueueFull);
        }
        Entered::Waits(waiter) => waiter,
    };
    let began = clock::now();
    context.note_wait();
    context.slot.set_at(context.slot.now().saturating_add(door.patience.0).min(context.deadline()));
    let outcome = poll_fn(|cx: &mut Poller<'_>| {
        if let Poll::Ready(granted) = waiter.poll(cx) {
            return Poll::Ready(granted.map_err(|shed| {
                trace.retry_after = Some(shed.retry_after);
                Reason::Shed
            }));
        }
        if client.poll_left(cx).is_ready() {
            return Poll::Ready(Err(Reason::ClientGone));
        }
        if !context.slot.is_expired() {
            return Poll::Pending;
        }
        if context.deadline() <= context.slot.now() {
            return Poll::Ready(Err(Reason::RequestTimeout));
        }
        trace.retry_after = Some(door.gate.retry_after(context.now()));
        Poll::Ready(Err(Reason::QueueTimeout))
    })
    .await;
    trace.queue += clock::since(began);
    outcome
}

/// Waits before a further attempt.
///
/// # Errors
/// Why nobody waits for it any more.
pub(crate) async fn pause<C: Client>(
    pause: Duration,
    client: &mut C,
    context: &Context<'_>,
) -> Result<(), Reason> {
    if pause.is_zero() {
        return Ok(());
    }
    context.slot.set_at(context.deadline());
    let mut sleep = std::pin::pin!(tokio::time::sleep(pause));
    poll_fn(|cx| {
        if sleep.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        poll_given_up(client, context, cx).map(Err)
    })
    .await
}

/// How much of a request's time is left.
pub(crate) fn time_left(context: &Context<'_>) -> Duration {
    TICK * context.deadline().saturating_sub(context.slot.now())
}

/// Ready once nobody waits for a request any more.
pub(crate) fn poll_given_up<C: Client>(
    client: &mut C,
    context: &Context<'_>,
    cx: &mut Poller<'_>,
) -> Poll<Reason> {
    if client.poll_gone(cx).is_ready() {
        return Poll::Ready(Reason::ClientGone);
    }
    if client.is_leaving() {
        // As while it waits for an answer: most of those that have shut their sending side have gone.
        context.hurry(HALF_CLOSED);
    }
    if !context.slot.is_expired() {
        Poll::Pending
    } else if client.is_leaving() && context.deadline() > context.slot.now() {
        Poll::Ready(Reason::ClientGone)
    } else {
        Poll::Ready(Reason::RequestTimeout)
    }
}
