//! What a tracker has seen.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use proxy_core::{BackendName, Handle, Meter, Meters};

use crate::entry::Entry;
use crate::figures::{Figures, Point, Scope, Totals};
use crate::series::Series;
use crate::settings::Settings;
use crate::timeline::{Ended, Timeline};

/// Everything that is tracked.
pub(super) struct State {
    settings: Settings,
    began: Instant,
    timeline: Timeline,
    meters: Meters,
    total: Entry,
    /// In the order of the meters.
    routes: Vec<Entry>,
    /// The places of routes by their ids.
    places: HashMap<Arc<str>, usize>,
    /// In the order of the meters.
    backends: Vec<Entry>,
    /// The sums of backends, by the names of upstreams.
    upstreams: HashMap<Arc<str>, Entry>,
}

impl State {
    pub(super) fn new(handle: &Handle, settings: Settings, now: Instant) -> Self {
        let mut meters = Meters::default();
        handle.refresh(&mut meters);
        let mut state = Self {
            settings,
            began: now,
            timeline: Timeline::new(settings),
            meters,
            total: Entry::default(),
            routes: Vec::new(),
            places: HashMap::new(),
            backends: Vec::new(),
            upstreams: HashMap::new(),
        };
        state.total.begin_at(Some(handle.statistics()));
        state.routes = state.meters.routes.iter().map(|(_, meter)| from_now(meter)).collect();
        state.backends = state.meters.backends.iter().map(|(_, meter)| from_now(meter)).collect();
        state.index();
        state
    }

    /// Takes up what came since the last look.
    pub(super) fn look(&mut self, handle: &Handle, now: Instant) {
        let total = handle.statistics();
        self.total.look(self.timeline.open(), total.requests(), || total);
        self.take_up();
        if self.refresh(handle) {
            self.take_up();
        }
        if let Some(ended) = self.timeline.look(now.saturating_duration_since(self.began)) {
            self.close(&ended);
        }
    }

    fn take_up(&mut self) {
        let number = self.timeline.open();
        for (entry, (_, meter)) in self.routes.iter_mut().zip(&self.meters.routes) {
            entry.look(number, meter.requests(), || meter.statistics());
        }
        for (entry, (name, meter)) in self.backends.iter_mut().zip(&self.meters.backends) {
            if let Some(gain) = entry.look(number, meter.requests(), || meter.statistics())
                && let Some(upstream) = self.upstreams.get_mut(&name.upstream)
            {
                upstream.add(number, &gain);
            }
        }
    }

    fn close(&mut self, ended: &Ended) {
        let entries = self.routes.iter_mut().chain(&mut self.backends).chain(self.upstreams.values_mut());
        entries.chain([&mut self.total]).for_each(|entry| entry.close(ended, &self.timeline));
    }

    /// Follows the routes and backends that there are: what is there still goes on. True where there are others.
    fn refresh(&mut self, handle: &Handle) -> bool {
        let refreshed = handle.refresh(&mut self.meters);
        // A change is made ready first and served then: what came to be shortly before the last look may have been served
        // only behind it.
        let looked = self.began + self.timeline.looked().saturating_sub(self.settings.step);
        let is_other = refreshed.routes.is_some() || refreshed.backends.is_some();
        if let Some(former) = refreshed.routes {
            let entries = std::mem::take(&mut self.routes);
            self.routes = carried_over((former, entries), &self.meters.routes, looked);
        }
        if let Some(former) = refreshed.backends {
            let entries = std::mem::take(&mut self.backends);
            self.backends = carried_over((former, entries), &self.meters.backends, looked);
        }
        if is_other {
            self.index();
        }
        is_other
    }

    fn index(&mut self) {
        let ids = self.meters.routes.iter().enumerate();
        self.places = ids.map(|(place, (id, _))| (Arc::clone(id), place)).collect();
        let mut former = std::mem::take(&mut self.upstreams);
        for (name, _) in &self.meters.backends {
            if !self.upstreams.contains_key(&name.upstream) {
                let entry = former.remove(&name.upstream).unwrap_or_default();
                self.upstreams.insert(Arc::clone(&name.upstream), entry);
            }
        }
    }

    pub(super) fn figures(&self, handle: &Handle, scope: Scope<'_>) -> Option<Figures> {
        let in_flight = match scope {
            Scope::All => handle.statistics().in_flight,
            Scope::Route(id) => self.meters.routes.get(*self.places.get(id)?)?.1.in_flight(),
            Scope::Upstream(name) => in_flight(of_upstream(&self.meters, name)),
            Scope::Backend { upstream, id } => {
                let meant = self.meters.backends.iter().filter(|(name, _)| is_meant(name, upstream, id));
                in_flight(meant.map(|(_, meter)| meter))
            }
        };
        Some(self.figures_of(self.series(scope)?.into_iter(), in_flight))
    }

    pub(super) fn routes(&self) -> Vec<(Arc<str>, Figures)> {
        let entries = self.meters.routes.iter().zip(&self.routes);
        let told = entries.map(|((id, meter), entry)| {
            (Arc::clone(id), self.figures_of(entry.series().into_iter(), meter.in_flight()))
        });
        told.collect()
    }

    pub(super) fn backends(&self) -> Vec<(BackendName, Figures)> {
        let entries = self.meters.backends.iter().zip(&self.backends);
        let told = entries.map(|((name, meter), entry)| {
            (name.clone(), self.figures_of(entry.series().into_iter(), meter.in_flight()))
        });
        told.collect()
    }

    fn figures_of<'s>(&self, series: impl Iterator<Item = &'s Series>, in_flight: u64) -> Figures {
        let window = self.timeline.window();
        let mut totals = Totals::default();
        series.for_each(|series| series.add_to(&mut totals, window));
        totals.figures(window.length, in_flight)
    }

    pub(super) fn history(&self, scope: Scope<'_>) -> Option<Vec<Point>> {
        let series = self.series(scope)?;
        let point = |ended: &Ended| {
            let at = self.began + ended.end;
            // Percentiles of several addresses together are those of the worst one.
            let told = series.iter().map(|series| series.past(ended)).reduce(together);
            Point { at, figures: told.unwrap_or_else(|| Series::default().past(ended)) }
        };
        Some(self.timeline.history().map(point).collect())
    }

    /// What happened to what is meant: none where nothing did lately. `None` where there is no such thing.
    fn series(&self, scope: Scope<'_>) -> Option<Vec<&Series>> {
        let one = |entry: &'_ Entry| entry.series().is_some();
        let entries: Vec<&Entry> = match scope {
            Scope::All => vec![&self.total],
            Scope::Route(id) => vec![self.routes.get(*self.places.get(id)?)?],
            Scope::Upstream(name) => vec![self.upstreams.get(name)?],
            Scope::Backend { upstream, id } => {
                let entries = self.meters.backends.iter().zip(&self.backends);
                let meant = entries.filter(|((name, _), _)| is_meant(name, upstream, id));
                let meant: Vec<&Entry> = meant.map(|(_, entry)| entry).collect();
                meant.first()?;
                meant
            }
        };
        Some(entries.into_iter().filter(|entry| one(entry)).filter_map(Entry::series).collect())
    }
}

/// One that has been there before.
fn from_now(meter: &Meter) -> Entry {
    let mut entry = Entry::default();
    entry.begin_at((meter.requests() > 0).then(|| meter.statistics()));
    entry
}

/// The entries of `meters`: those of the same name as before, and new ones.
fn carried_over<K: Eq + std::hash::Hash + Clone>(
    (former, entries): (Vec<(K, Meter)>, Vec<Entry>),
    meters: &[(K, Meter)],
    looked: Instant,
) -> Vec<Entry> {
    let former = former.into_iter().zip(entries).map(|((name, meter), entry)| (name, (meter, entry)));
    let mut former: HashMap<K, (Meter, Entry)> = former.collect();
    let carry = |(name, meter): &(K, Meter)| {
        let (was, mut entry) = former.remove(name).unzip();
        if was.is_some_and(|was: Meter| was.is_same(meter)) {
            return entry.unwrap_or_default();
        }
        // What came to be since then has counted nothing before the last look.
        let counted = (meter.born() < looked).then(|| meter.statistics());
        let mut entry = entry.take().unwrap_or_default();
        entry.begin_at(counted);
        entry
    };
    meters.iter().map(carry).collect()
}

fn is_meant(name: &BackendName, upstream: &str, id: &str) -> bool {
    let is_one = |rest: &str| rest.is_empty() || rest.starts_with('@');
    &*name.upstream == upstream && name.id.strip_prefix(id).is_some_and(is_one)
}

fn of_upstream<'m>(meters: &'m Meters, name: &'m str) -> impl Iterator<Item = &'m Meter> {
    let backends = meters.backends.iter().filter(move |(backend, _)| &*backend.upstream == name);
    backends.map(|(_, meter)| meter)
}

fn in_flight<'m>(meters: impl Iterator<Item = &'m Meter>) -> u64 {
    meters.map(Meter::in_flight).sum()
}

/// What two told of the same time come to.
fn together(one: Figures, other: Figures) -> Figures {
    let requests = one.requests + other.requests;
    let weighted =
        |figures: &Figures| figures.mean.unwrap_or_default().as_secs_f64() * figures.requests as f64;
    let mean = (requests > 0)
        .then(|| std::time::Duration::from_secs_f64((weighted(&one) + weighted(&other)) / requests as f64));
    let mut sum = one;
    sum.requests_per_second += other.requests_per_second;
    sum.errors += other.errors;
    sum.in_flight += other.in_flight;
    (sum.requests, sum.mean) = (requests, mean);
    (sum.p50, sum.p95, sum.p99) = (one.p50.max(other.p50), one.p95.max(other.p95), one.p99.max(other.p99));
    sum
}
