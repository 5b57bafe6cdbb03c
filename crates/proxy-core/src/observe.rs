//! The one file that observes the end of a request.

use std::time::Instant;

use crate::clock;
use crate::events::{Kind, RequestCompleted};
use crate::exchange::Context;
use crate::incoming::Incoming;
use crate::reason::{Reason, Side};
use crate::secure::Secured;
use crate::snapshot::Route;
use crate::statistics::Counted;
use crate::trace::Trace;
use crate::upstream::{Hold, Upstream};
use crate::worker::Worker;

/// Learns of what happened. Called on a worker's thread: it must be quick, and hand over what takes time.
///
/// # Panics
/// An observer that panics costs the connection at hand; one that panics in `connection_opened` costs the
/// worker, which is replaced.
pub trait Observer: Send + Sync {
    /// A request has ended, whichever way.
    fn completed(&self, request: &Completed<'_>);

    /// A client's connection was accepted.
    fn connection_opened(&self) {}
}

/// A request that has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Completed<'a> {
    /// The record of what was decided.
    pub trace: &'a Trace,
    /// The route's id, where one matched.
    pub route: Option<&'a str>,
    /// The upstream's name, where the route has one.
    pub upstream: Option<&'a str>,
    /// The method as it was sent; empty where no head was understood.
    pub method: &'a [u8],
    /// The host in lower case.
    pub host: &'a str,
    /// The normalised path.
    pub path: &'a [u8],
    /// What was agreed with the client; `None` where its connection is not secure.
    pub secured: Option<&'a dyn Secured>,
}

/// Counts the request and tells those who listen.
#[inline]
pub(crate) fn completed(context: &Context<'_>, trace: &Trace, route: Option<&Route>, incoming: &Incoming) {
    let worker = context.worker;
    let shared = &worker.shared;
    let has_broken = trace.reason.is_some_and(|reason| reason.side() != Side::Client) && trace.status < 500;
    let counted = Counted::new(trace.status, clock::since(trace.began))
        .bytes(trace.bytes_in, trace.bytes_out)
        .failed(has_broken);
    shared.statistics.count(worker.shard, &counted);
    if let Some(route) = route {
        route.state.statistics.count(worker.shard, &counted);
    }
    if let Some(reason) = trace.reason {
        failed(worker, trace, route, reason);
    }
    if !shared.observers.is_empty() || shared.events.wants(Kind::RequestCompleted) {
        let completed = Completed {
            trace,
            route: route.map(|route| &*route.spec.id),
            upstream: route.and_then(Route::upstream),
            method: incoming.method_text(),
            host: incoming.host(),
            path: &incoming.path,
            secured: context.facts.secured.as_deref(),
        };
        for observer in &shared.observers {
            observer.completed(&completed);
        }
        shared.events.emit_with(Kind::RequestCompleted, || RequestCompleted::of(&completed));
    }
}

/// Notes who was asked, where somebody wants to know it in the end.
#[inline]
pub(crate) fn asked(worker: &Worker, trace: &mut Trace, upstream: &Upstream, hold: &Hold) {
    if worker.shared.events.wants(Kind::RequestCompleted) {
        note_asked(trace, upstream, hold);
    }
}

#[cold]
fn note_asked(trace: &mut Trace, upstream: &Upstream, hold: &Hold) {
    let (upstream, backend) = (upstream.spec.name.clone(), hold.member().backend.id.clone());
    trace.asked = Some(Box::new((upstream, backend)));
}

/// A request whose head is whole has begun.
#[inline]
pub(crate) fn begun(worker: &Worker) {
    worker.shared.statistics.begin(worker.shard);
}

/// Counts a request as begun, and as ended where its exchange is dropped before that: by a caller that has gone, by the
/// end of the worker, or by a panic. Nobody else is told of it, as nothing else is known any more.
pub(crate) struct Unfinished<'a> {
    worker: &'a Worker,
    began: Instant,
    route: Option<&'a Route>,
}

impl<'a> Unfinished<'a> {
    #[inline]
    pub(crate) fn new(worker: &'a Worker, began: Instant) -> Self {
        begun(worker);
        Self { worker, began, route: None }
    }

    /// It is a route's.
    #[inline]
    pub(crate) fn routed(&mut self, route: &'a Route) {
        route.state.statistics.begin(self.worker.shard);
        self.route = Some(route);
    }

    /// The exchange has come to its end.
    #[inline]
    pub(crate) const fn finish(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unfinished<'_> {
    #[cold]
    fn drop(&mut self) {
        let reason = if std::thread::panicking() {
            Reason::Internal
        } else if self.worker.is_over() {
            Reason::Draining
        } else {
            Reason::ClientGone
        };
        let counted = Counted::new(reason.status(), clock::since(self.began));
        self.worker.shared.statistics.count(self.worker.shard, &counted);
        if let Some(route) = self.route {
            route.state.statistics.count(self.worker.shard, &counted);
        }
        self.worker.count("request", reason);
    }
}

#[cold]
fn failed(worker: &Worker, trace: &Trace, route: Option<&Route>, reason: Reason) {
    worker.count("request", reason);
    tracing::debug!(
        request_id = trace.request_id.as_str(),
        route = route.map(|route| &*route.spec.id),
        status = trace.status,
        attempts = trace.attempt_count,
        %reason,
        "request failed"
    );
}
