//! What a proxy counts, as whoever holds its handle reads it.

use std::sync::Arc;
use std::time::Instant;

use super::Handle;
use crate::registry::{Backend, RouteState};
use crate::snapshot::Places;
use crate::statistics::Statistics;
use crate::upstream::{Member, Upstream};

/// Which backend is meant: an id says it within an upstream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendName {
    /// The name of the upstream.
    pub upstream: Arc<str>,
    /// The id of the backend; with `@` and an address behind it where its name stands for several.
    pub id: Arc<str>,
}

/// Everything that a proxy has counted, at about one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AllStatistics {
    /// Of all requests.
    pub total: Statistics,
    /// Of each route's requests, by its id, in the order as written.
    pub routes: Vec<(Arc<str>, Statistics)>,
    /// Of each backend's attempts.
    pub backends: Vec<(BackendName, Statistics)>,
}

/// The counters of one route or one backend, to be read again and again. They are added to for as long as the proxy knows
/// it, and kept for as long as somebody holds them.
#[derive(Clone)]
pub struct Meter(Of);

#[derive(Clone)]
enum Of {
    Route(Arc<RouteState>),
    Backend(Arc<Backend>),
}

/// The counters of all routes and backends, as of when they were last refreshed.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Meters {
    /// Of each route, by its id, in the order as written.
    pub routes: Vec<(Arc<str>, Meter)>,
    /// Of each backend; one whose name stands for several addresses has one for each.
    pub backends: Vec<(BackendName, Meter)>,
    places: Option<Arc<Places>>,
    /// Of the backends: how often something was published, and how often they changed since.
    version: Option<(u64, u64)>,
}

/// What [`Handle::refresh`] found to be others than before: the former ones of it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Refreshed {
    /// The routes, where others are served now.
    pub routes: Option<Vec<(Arc<str>, Meter)>>,
    /// The backends, where there may be others now.
    pub backends: Option<Vec<(BackendName, Meter)>>,
}

impl Meter {
    /// How many requests or attempts have ended: a small part of what [`Meter::statistics`] costs.
    pub fn requests(&self) -> u64 {
        match &self.0 {
            Of::Route(state) => state.statistics.ended(),
            Of::Backend(backend) => backend.ended(),
        }
    }

    /// How many have begun and not ended.
    pub fn in_flight(&self) -> u64 {
        match &self.0 {
            Of::Route(state) => state.statistics.in_flight(),
            Of::Backend(backend) => u64::from(backend.in_flight()),
        }
    }

    /// All that was counted.
    pub fn statistics(&self) -> Statistics {
        match &self.0 {
            Of::Route(state) => state.statistics.sum(),
            Of::Backend(backend) => backend.statistics(),
        }
    }

    /// When the counters came to be: they have counted nothing before that.
    pub fn born(&self) -> Instant {
        match &self.0 {
            Of::Route(state) => state.born,
            Of::Backend(backend) => backend.born(),
        }
    }

    /// True where these are the same counters, and not those of another entry under the same name.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Of::Route(one), Of::Route(other)) => Arc::ptr_eq(one, other),
            (Of::Backend(one), Of::Backend(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("requests", &self.requests()).finish_non_exhaustive()
    }
}

impl Handle {
    /// What was counted of all requests.
    pub fn statistics(&self) -> Statistics {
        self.inner.shared.statistics.sum()
    }

    /// What was counted of a route's requests; `None` where there is no such route.
    pub fn route_statistics(&self, id: &str) -> Option<Statistics> {
        self.inner.shared.snapshot.load().route(id).map(|route| route.state.statistics.sum())
    }

    /// The ids of all routes, in the order as written.
    pub fn route_ids(&self) -> Vec<Arc<str>> {
        let snapshot = self.inner.shared.snapshot.load();
        snapshot.routes.iter().map(|route| Arc::clone(&route.state.id)).collect()
    }

    /// What was counted of a backend's attempts; `None` where there is no such backend. One whose name stands for several
    /// addresses is meant with all of them, unless the id tells which.
    pub fn backend_statistics(&self, upstream: &str, id: &str) -> Option<Statistics> {
        let snapshot = self.inner.shared.snapshot.load();
        let upstream = snapshot.upstreams.get(upstream)?;
        let is_meant = |member: &&Member| match member.backend.id.strip_prefix(id) {
            Some("") => true,
            Some(rest) => member.backend.resolved.is_some() && rest.starts_with('@'),
            None => false,
        };
        let roster = upstream.roster(0);
        let mut meant = roster.0.members.iter().filter(is_meant).peekable();
        meant.peek()?;
        Some(sum(meant))
    }

    /// What was counted of the attempts of all backends that an upstream has now; `None` where there is no such upstream.
    pub fn upstream_statistics(&self, name: &str) -> Option<Statistics> {
        let snapshot = self.inner.shared.snapshot.load();
        Some(sum(snapshot.upstreams.get(name)?.roster(0).0.members.iter()))
    }

    /// Everything that was counted. Who asks again and again does so with less by [`Handle::refresh`].
    pub fn all_statistics(&self) -> AllStatistics {
        let mut meters = Meters::default();
        self.refresh(&mut meters);
        let read = |meter: Meter| meter.statistics();
        AllStatistics {
            total: self.statistics(),
            routes: meters.routes.into_iter().map(|(id, meter)| (id, read(meter))).collect(),
            backends: meters.backends.into_iter().map(|(name, meter)| (name, read(meter))).collect(),
        }
    }

    /// Has `meters` be those of the routes and backends that there are now. Where these are the same as before, that costs
    /// next to nothing.
    pub fn refresh(&self, meters: &mut Meters) -> Refreshed {
        // The number is read first: with what is served later, the next call looks again.
        let generation = self.inner.shared.generation.load(std::sync::atomic::Ordering::Acquire);
        let snapshot = self.inner.shared.snapshot.load();
        let mut refreshed = Refreshed::default();
        let places = snapshot.routes.places();
        if meters.places.as_ref().is_none_or(|held| !Arc::ptr_eq(held, places)) {
            meters.places = Some(Arc::clone(places));
            let meter =
                |state: &Arc<RouteState>| (Arc::clone(&state.id), Meter(Of::Route(Arc::clone(state))));
            let routes = snapshot.routes.iter().map(|route| meter(&route.state)).collect();
            refreshed.routes = Some(std::mem::replace(&mut meters.routes, routes));
        }
        let rosters: Vec<_> =
            snapshot.upstreams.values().map(|upstream| (upstream, upstream.roster(0))).collect();
        let changes = rosters.iter().fold(0_u64, |sum, (_, roster)| sum.wrapping_add(roster.0.version));
        if meters.version != Some((generation, changes)) {
            refreshed.backends = Some(std::mem::take(&mut meters.backends));
            meters.version = Some((generation, changes));
            for (upstream, roster) in &rosters {
                meters.backends.extend(of_backends(upstream, &roster.0.members));
            }
        }
        refreshed
    }
}

fn of_backends<'u>(
    upstream: &'u Upstream,
    members: &'u [Member],
) -> impl Iterator<Item = (BackendName, Meter)> + 'u {
    let name: Arc<str> = upstream.spec.name.as_str().into();
    members.iter().map(move |member| {
        let name = BackendName { upstream: Arc::clone(&name), id: member.backend.id.as_str().into() };
        (name, Meter(Of::Backend(Arc::clone(&member.backend))))
    })
}

fn sum<'m>(members: impl Iterator<Item = &'m Member>) -> Statistics {
    let mut sum = Statistics::default();
    members.for_each(|member| sum += &member.backend.statistics());
    sum
}
