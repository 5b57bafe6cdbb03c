//! What must hold at every moment, looked at whenever a request has gone on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use proxy_core::{Handle, Outage};

use super::ledger::Ledger;

/// An upstream, and what may be done in it.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) upstream: String,
    /// So many backends may be ejected.
    pub(super) most_ejected: usize,
    pub(super) budget_percent: u32,
    pub(super) budget_least: u32,
}

/// An upstream as it is at a moment.
#[derive(Clone, Copy, Debug)]
struct View {
    retrying: u32,
    ejected: usize,
    in_flight: u32,
}

/// Looks at a proxy.
pub(super) struct Watch {
    pub(super) handle: Handle,
    pub(super) ledger: Arc<Ledger>,
    pub(super) bounds: Vec<Bounds>,
    /// Until the head of an answer.
    pub(super) timeout: Duration,
    /// How much later it may be.
    pub(super) tolerance: Duration,
    /// From the head of an answer to its end.
    pub(super) body_time: Duration,
}

impl Watch {
    fn view(&self) -> Vec<View> {
        let views = self.bounds.iter().map(|bounds| {
            let backends = self.handle.backends(&bounds.upstream);
            View {
                retrying: self.handle.retrying(&bounds.upstream).unwrap(),
                ejected: backends.iter().filter(|backend| backend.outage.has(Outage::EJECTED)).count(),
                in_flight: backends.iter().map(|backend| backend.in_flight).sum(),
            }
        });
        views.collect()
    }

    /// Looks at what a request has brought about by going on.
    fn look(&self, before: &[View]) {
        for ((bounds, now), before) in self.bounds.iter().zip(self.view()).zip(before) {
            if now.ejected > before.ejected {
                self.ledger.note("ejected", now.ejected as u64, 0);
            }
            if now.ejected > bounds.most_ejected {
                self.ledger.fault(format!("{now:?} beyond {bounds:?}"));
            }
            if now.retrying > before.retrying {
                self.ledger.note("retries", now.retrying.into(), 0);
                let most = (now.in_flight * bounds.budget_percent / 100).max(bounds.budget_least);
                if now.retrying > most {
                    self.ledger.fault(format!("{now:?} beyond {bounds:?}"));
                }
            }
        }
    }

    /// What must be true once nobody asks any more.
    pub(super) fn nothing_is_left(&self) {
        for bounds in &self.bounds {
            let name = &bounds.upstream;
            for backend in self.handle.backends(name) {
                if backend.in_flight != 0 {
                    self.ledger.fault(format!("{} at {name}/{} still", backend.in_flight, backend.id));
                }
            }
            let retrying = self.handle.retrying(name).unwrap();
            if retrying != 0 {
                self.ledger.fault(format!("{retrying} retries of {name} still"));
            }
        }
        let queues = self.bounds.iter().filter_map(|bounds| self.handle.upstream_queue(&bounds.upstream));
        for queue in queues.chain(self.handle.route_queue("all")) {
            if (queue.active, queue.waiting) != (0, 0) {
                self.ledger.fault(format!("{queue:?} still"));
            }
        }
    }
}

/// A part of a request that is watched whenever it goes on.
pub(super) struct Watched<F> {
    future: F,
    watch: Arc<Watch>,
}

impl<F> Watched<F> {
    pub(super) fn new(future: F, watch: &Arc<Watch>) -> Self {
        Self { future, watch: Arc::clone(watch) }
    }
}

impl<F: Future + Unpin> Future for Watched<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let before = self.watch.view();
        let polled = Pin::new(&mut self.future).poll(cx);
        self.watch.look(&before);
        polled
    }
}
