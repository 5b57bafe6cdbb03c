//! The routes of a snapshot: compiled where they differ from those before, taken over where they do not.

use std::sync::Arc;

use super::{BuildError, Route, Snapshot, Upstreams};
use crate::folded::FoldedMap;
use crate::matcher::{Matcher, Pattern};
use crate::registry::Registry;
use crate::spec::{Blueprint, RouteSpec, Settings};

/// The places of routes by their ids. The same for as long as the same ids stand there.
pub(crate) type Places = FoldedMap<Arc<str>, u32>;

/// All routes in the order as written, and the place of each.
#[derive(Debug)]
pub(crate) struct Routes {
    list: Box<[Arc<Route>]>,
    places: Arc<Places>,
}

impl Routes {
    /// Compiles the routes of `blueprint`. What did not change is the same as in `previous`.
    pub(super) fn compile(
        blueprint: &Blueprint,
        upstreams: &Upstreams,
        registry: &Registry,
        previous: Option<&Snapshot>,
    ) -> Result<Self, BuildError> {
        let settings = &blueprint.settings;
        let same_defaults = |before: &&Snapshot| has_same_defaults(&before.blueprint.settings, settings);
        let mut former = previous.filter(same_defaults).map(|before| Former::new(before, upstreams));
        let mut list = Vec::with_capacity(blueprint.routes.len());
        for (place, spec) in blueprint.routes.iter().enumerate() {
            let kept = former.as_mut().and_then(|former| former.take(place, spec, upstreams));
            list.push(match kept {
                Some(route) => route,
                None => Arc::new(Route::compile(spec, settings, upstreams, registry)?),
            });
        }
        let places = match previous.filter(|before| has_same_ids(&before.routes.list, &list)) {
            Some(before) => Arc::clone(&before.routes.places),
            None => Arc::new(places(&list)?),
        };
        Ok(Self { list: list.into(), places })
    }

    /// What requests are matched by.
    pub(super) fn matcher(&self, blueprint: &Blueprint) -> Result<Matcher<Arc<Route>>, BuildError> {
        let rules = self.list.iter().map(|route| {
            let RouteSpec { host, path, conditions, .. } = &*route.spec;
            (Pattern { host, path, conditions, wanted: &route.wanted }, Arc::clone(route))
        });
        Matcher::of(blueprint.settings.route_order, rules).map_err(|_| BuildError::TooLarge)
    }

    /// The route of that id.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Route>> {
        self.list.get(*self.places.get(id)? as usize)
    }

    /// The routes in the order as written.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Arc<Route>> {
        self.list.iter()
    }

    /// Where they stand.
    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.places
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

/// The routes of the snapshot before, asked for one after another.
struct Former<'p> {
    before: &'p Snapshot,
    /// Every upstream is the same as before.
    has_same_upstreams: bool,
    /// How many places further on the last one stood.
    shift: isize,
}

impl<'p> Former<'p> {
    fn new(before: &'p Snapshot, upstreams: &Upstreams) -> Self {
        let is_same =
            |(name, now): (&String, _)| before.upstreams.get(name).is_some_and(|was| Arc::ptr_eq(was, now));
        let has_same_upstreams = upstreams.len() == before.upstreams.len() && upstreams.iter().all(is_same);
        Self { before, has_same_upstreams, shift: 0 }
    }

    /// The route that was compiled from `spec`, where it can go on as it is. Most stand where the one before them says.
    fn take(&mut self, place: usize, spec: &Arc<RouteSpec>, upstreams: &Upstreams) -> Option<Arc<Route>> {
        let specs = &self.before.blueprint.routes;
        let is_at = |place: usize| specs.get(place).is_some_and(|held| Arc::ptr_eq(held, spec));
        let mut was = place.checked_add_signed(self.shift).filter(|was| is_at(*was));
        if was.is_none() {
            was = self.before.routes.places.get(&*spec.id).map(|was| *was as usize).filter(|was| is_at(*was));
            self.shift = was.map_or(self.shift, |was| was as isize - place as isize);
        }
        let route = self.before.routes.list.get(was?)?;
        (self.has_same_upstreams || route.links_to(upstreams)).then(|| Arc::clone(route))
    }
}

fn has_same_defaults(before: &Settings, after: &Settings) -> bool {
    before.timeout == after.timeout && before.max_body_size == after.max_body_size
}

/// True where the same ids stand at the same places.
fn has_same_ids(before: &[Arc<Route>], after: &[Arc<Route>]) -> bool {
    let is_same = |(before, after): (&Arc<Route>, &Arc<Route>)| {
        Arc::ptr_eq(before, after) || Arc::ptr_eq(&before.state, &after.state)
    };
    before.len() == after.len() && before.iter().zip(after).all(is_same)
}

fn places(list: &[Arc<Route>]) -> Result<Places, BuildError> {
    let mut places = FoldedMap::with_capacity_and_hasher(list.len(), Default::default());
    for (place, route) in list.iter().enumerate() {
        if places.insert(Arc::clone(&route.state.id), place as u32).is_some() {
            return Err(BuildError::RouteRepeated { id: route.spec.id.clone() });
        }
    }
    Ok(places)
}
