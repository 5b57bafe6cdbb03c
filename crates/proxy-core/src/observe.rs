//! The one file that observes the end of a request.

use std::time::Instant;

use crate::clock;
use crate::incoming::Incoming;
use crate::reason::Reason;
use crate::snapshot::Route;
use crate::statistics::Counted;
use crate::trace::Trace;
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
}

/// Counts the request and tells those who listen.
#[inline]
pub(crate) fn completed(worker: &Worker, trace: &Trace, route: Option<&Route>, incoming: &Incoming) {
    let shared = &worker.shared;
    let counted = Counted {
        status: trace.status,
        bytes_in: trace.bytes_in,
        bytes_out: trace.bytes_out,
        took: clock::since(trace.began),
    };
    shared.statistics.count(worker.shard, &counted);
    if let Some(route) = route {
        route.state.statistics.count(worker.shard, &counted);
    }
    if let Some(reason) = trace.reason {
        failed(worker, trace, route, reason);
    }
    if !shared.observers.is_empty() {
        let completed = Completed {
            trace,
            route: route.map(|route| &*route.spec.id),
            upstream: route.and_then(Route::upstream),
            method: incoming.method_text(),
            host: incoming.host(),
            path: &incoming.path,
        };
        for observer in &shared.observers {
            observer.completed(&completed);
        }
    }
}

/// Counts a request whose exchange is dropped before its end: by a caller that has gone, by the end of the worker,
/// or by a panic. Nobody else is told of it, as nothing else is known any more.
pub(crate) struct Unfinished<'a> {
    worker: &'a Worker,
    began: Instant,
}

impl<'a> Unfinished<'a> {
    pub(crate) const fn new(worker: &'a Worker, began: Instant) -> Self {
        Self { worker, began }
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
        let counted =
            Counted { status: reason.status(), bytes_in: 0, bytes_out: 0, took: clock::since(self.began) };
        self.worker.shared.statistics.count(self.worker.shard, &counted);
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
