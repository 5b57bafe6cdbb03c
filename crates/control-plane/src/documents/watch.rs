//! How the routes fare that a revision is about, compared with before.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use config::{Document, Kind};
use metrics::Figures;
use proxy_core::Statistics;
use tokio::time::Instant;

use super::{Documents, State};
use crate::changes::{Difference, DifferenceKind, Live, RevertOn};

/// The routes that a revision is about, and how they fared before.
pub(super) struct Watch {
    /// Nothing is too bad where there is none.
    on: Option<RevertOn>,
    routes: Vec<Watched>,
}

struct Watched {
    id: String,
    /// What was counted of it until the change, where something may be too bad.
    counted: Statistics,
    /// How it fared until then.
    before: Fare,
}

/// How routes fared before revisions that were taken back, until the tracker has forgotten the requests that those had. What came
/// of a revision that is gone says nothing of what is served again.
#[derive(Default)]
pub(super) struct Spoilt(HashMap<String, Memory>);

struct Memory {
    until: Instant,
    /// What was counted until the revision was taken back. What was counted since is better than what is remembered, once it is
    /// enough.
    counted: Statistics,
    before: Fare,
}

/// How a route fares, or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fare {
    requests: u64,
    errors: u64,
    /// The slowest route's.
    p99: Option<Duration>,
}

impl Documents {
    /// Begins to watch the routes that a change is about, as they are in the document that it makes.
    pub(super) fn watch(
        &self,
        state: &State,
        on: Option<&RevertOn>,
        (changes, next): (&[Difference], &Document),
    ) -> Watch {
        let (handle, tracker) = (self.inner.control.handle(), self.inner.control.tracker());
        let least = on.map_or_else(|| RevertOn::default().least, |on| on.least);
        let watched = |id: String| {
            let counted = || handle.route_statistics(&id).unwrap_or_default();
            let tracked = || tracker.route(&id).as_ref().map(Fare::of_figures).unwrap_or_default();
            let before = state.spoilt.before(&id, least, counted).unwrap_or_else(tracked);
            Watched { counted: on.map(|_| counted()).unwrap_or_default(), before, id }
        };
        Watch { on: on.cloned(), routes: concerned(next, changes).into_iter().map(watched).collect() }
    }

    /// Remembers how routes fared before a revision that was taken back now.
    pub(super) fn remember(&self, state: &mut State, watch: Watch) {
        let handle = self.inner.control.handle();
        let until = Instant::now() + self.inner.control.tracker().settings().remembers();
        state.spoilt.forget_old();
        for Watched { id, before, .. } in watch.routes {
            let counted = handle.route_statistics(&id).unwrap_or_default();
            state.spoilt.0.insert(id, Memory { until, counted, before });
        }
    }

    /// What is under way over what a change is about.
    pub(super) fn live(&self, changes: &[Difference]) -> Live {
        let handle = self.inner.control.handle();
        let mut live = Live { connections: handle.connections() as u64, ..Live::default() };
        for change in changes {
            let id = change.key.id.as_str();
            let is_gone = change.kind == DifferenceKind::Removed;
            match change.key.kind {
                Kind::Route => {
                    let in_flight = handle.route_statistics(id).map_or(0, |counted| counted.in_flight);
                    if is_gone {
                        live.requests_of_removed += in_flight;
                    } else {
                        live.requests_of_changed += in_flight;
                    }
                }
                Kind::Upstream => {
                    let gone = change.fields.iter().filter_map(|field| field.strip_prefix("/backends/"));
                    let gone: HashSet<String> = gone.map(unescaped).collect();
                    let backends = handle.backends(id).into_iter();
                    let concerned = backends.filter(|backend| is_gone || gone.contains(&backend.id));
                    live.requests_of_backends +=
                        concerned.map(|backend| u64::from(backend.in_flight)).sum::<u64>();
                }
                _ => {}
            }
        }
        live
    }
}

impl Spoilt {
    /// What the tracker has forgotten needs no excuse any more.
    pub(super) fn forget_old(&mut self) {
        let now = Instant::now();
        self.0.retain(|_, memory| memory.until > now);
    }

    /// How a route fared: since it was spoilt where that is enough to tell, else before it.
    fn before(&self, id: &str, least: u64, counted: impl FnOnce() -> Statistics) -> Option<Fare> {
        let memory = self.0.get(id).filter(|memory| memory.until > Instant::now())?;
        let since = Fare::of_statistics(&counted().minus(&memory.counted));
        Some(if since.requests >= least { since } else { memory.before })
    }
}

impl Watch {
    /// True where something may be too bad.
    pub(super) const fn judges(&self) -> bool {
        self.on.is_some()
    }

    /// What is worse than it may be; `None` where nothing is, or too little was seen.
    pub(super) fn worse(&self, documents: &Documents) -> Option<String> {
        let handle = documents.inner.control.handle();
        let on = self.on.as_ref()?;
        let since = self.routes.iter().filter_map(|route| {
            let now = handle.route_statistics(&route.id)?;
            Some(Fare::of_statistics(&now.minus(&route.counted)))
        });
        let before = self.routes.iter().map(|route| route.before).fold(Fare::default(), Fare::and);
        since.fold(Fare::default(), Fare::and).worse(&before, on)
    }
}

impl Fare {
    fn of_figures(figures: &Figures) -> Self {
        Self { requests: figures.requests, errors: figures.errors, p99: figures.p99 }
    }

    fn of_statistics(counted: &Statistics) -> Self {
        Self { requests: counted.requests(), errors: counted.errors(), p99: counted.quantile(0.99) }
    }

    /// Both together.
    fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            errors: self.errors + other.errors,
            p99: self.p99.max(other.p99),
        }
    }

    /// The share of requests that failed, in percent.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
    fn errors_percent(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.errors as f64 * 100.0 / self.requests as f64 }
    }

    /// What is worse than it may be, compared with before; `None` where nothing is, or too little was seen.
    fn worse(&self, before: &Self, on: &RevertOn) -> Option<String> {
        if self.requests < on.least {
            return None;
        }
        let (is, was) = (self.errors_percent(), before.errors_percent());
        if on.errors.is_some_and(|most| is > was + most) {
            return Some(format!("{is:.1} % of the requests failed, {was:.1} % before"));
        }
        let (most, before, now) = (on.p99?, before.p99?, self.p99?);
        let is_slower = now.as_secs_f64() > before.as_secs_f64() * most;
        is_slower.then(|| format!("p99 is {} ms, {} ms before", now.as_millis(), before.as_millis()))
    }
}

/// The ids of the routes that a change is about: those that it names, and those to upstreams that it names; all of them where it
/// changes a section or the order, for whatever stands behind what is moved may get other requests.
fn concerned(document: &Document, changes: &[Difference]) -> Vec<String> {
    let of = |kind: Kind| -> HashSet<&str> {
        let keys = changes.iter().map(|change| &change.key).filter(|key| key.kind == kind);
        keys.map(|key| key.id.as_str()).collect()
    };
    let (upstreams, routes) = (of(Kind::Upstream), of(Kind::Route));
    let is_moved = |change: &Difference| {
        change.key.kind == Kind::Route && change.kind == DifferenceKind::Changed && change.fields.is_empty()
    };
    let is_general = changes.iter().any(|change| change.key.kind == Kind::Section || is_moved(change));
    let is_concerned = |route: &config::Route| {
        let shares = route.upstreams.iter().map(|share| &share.name);
        let mut named = route.upstream.iter().chain(&route.fallback).chain(shares);
        is_general
            || routes.contains(route.id.as_str())
            || named.any(|name| upstreams.contains(name.as_str()))
    };
    document.routes.iter().filter(|route| is_concerned(route)).map(|route| route.id.clone()).collect()
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests;
