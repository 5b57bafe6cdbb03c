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
    before: Fare,
}

struct Watched {
    id: String,
    /// What was counted of it until the change.
    counted: Statistics,
    /// How it fared until then.
    before: Figures,
}

/// How routes fared before revisions that were taken back, until the tracker has forgotten the requests that those had. What came
/// of a revision that is gone says nothing of what is served again.
#[derive(Default)]
pub(super) struct Spoilt(HashMap<String, (Instant, Figures)>);

/// How routes fare.
#[derive(Clone, Copy, Debug, Default)]
struct Fare {
    requests: u64,
    /// The share of failed requests, in percent.
    errors: f64,
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
        let watched = |id: String| Watched {
            counted: handle.route_statistics(&id).unwrap_or_default(),
            before: state.spoilt.before(&id).or_else(|| tracker.route(&id)).unwrap_or_default(),
            id,
        };
        let routes: Vec<Watched> = concerned(next, changes).into_iter().map(watched).collect();
        let before = Fare::of(routes.iter().map(|route| route.before));
        Watch { on: on.cloned(), routes, before }
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
    /// What is watched was taken back.
    pub(super) fn add(&mut self, watch: Watch, lasts: Duration) {
        let now = Instant::now();
        let until = now + lasts;
        self.0.retain(|_, (until, _)| *until > now);
        let routes = watch.routes.into_iter().map(|route| (route.id, (until, route.before)));
        self.0.extend(routes);
    }

    fn before(&self, id: &str) -> Option<Figures> {
        let (until, figures) = self.0.get(id)?;
        (*until > Instant::now()).then_some(*figures)
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
            Some(now.minus(&route.counted))
        });
        let mut now = Fare::default();
        let (mut requests, mut errors) = (0, 0);
        for counted in since {
            requests += counted.requests();
            errors += counted.errors();
            now.p99 = now.p99.max(counted.quantile(0.99));
        }
        now.requests = requests;
        now.errors = percentage(errors, requests);
        self.judge(on, &now)
    }

    fn judge(&self, on: &RevertOn, now: &Fare) -> Option<String> {
        if now.requests < on.least {
            return None;
        }
        if let Some(most) = on.errors
            && now.errors > self.before.errors + most
        {
            return Some(format!(
                "{:.1} % of the requests failed, {:.1} % before",
                now.errors, self.before.errors
            ));
        }
        let (most, before, now) = (on.p99?, self.before.p99?, now.p99?);
        let is_slower = now.as_secs_f64() > before.as_secs_f64() * most;
        is_slower.then(|| format!("p99 is {} ms, {} ms before", now.as_millis(), before.as_millis()))
    }
}

impl Fare {
    fn of(figures: impl Iterator<Item = Figures>) -> Self {
        let mut fare = Self::default();
        let mut errors = 0;
        for figures in figures {
            fare.requests += figures.requests;
            errors += figures.errors;
            fare.p99 = fare.p99.max(figures.p99);
        }
        fare.errors = percentage(errors, fare.requests);
        fare
    }
}

/// The ids of the routes that a change is about: those that it names, and those to upstreams that it names; all of them where it
/// changes a section.
fn concerned(document: &Document, changes: &[Difference]) -> Vec<String> {
    let of = |kind: Kind| -> HashSet<&str> {
        let keys = changes.iter().map(|change| &change.key).filter(|key| key.kind == kind);
        keys.map(|key| key.id.as_str()).collect()
    };
    let (upstreams, routes) = (of(Kind::Upstream), of(Kind::Route));
    let is_general = changes.iter().any(|change| change.key.kind == Kind::Section);
    let is_concerned = |route: &config::Route| {
        let shares = route.upstreams.iter().map(|share| &share.name);
        let mut named = route.upstream.iter().chain(&route.fallback).chain(shares);
        is_general
            || routes.contains(route.id.as_str())
            || named.any(|name| upstreams.contains(name.as_str()))
    };
    document.routes.iter().filter(|route| is_concerned(route)).map(|route| route.id.clone()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
fn percentage(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests;
