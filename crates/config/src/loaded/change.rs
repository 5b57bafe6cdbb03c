//! A document with some of its objects changed.

mod reduced;

use super::{Loaded, Merged};
use crate::{Certificate, Document, Errors, Key, Kind, Object, Route, Surroundings, Upstream};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

impl Loaded {
    /// This document with some objects put, each into the place of that of the same key or else behind all of its kind, and
    /// some gone. It is what [`Loaded::assemble`] makes of the same objects, but reads and checks only what the change can
    /// concern, and shares the rest with this one. Files with secrets are read for objects that are put, and for all where
    /// a section changes or something is wrong.
    ///
    /// # Errors
    /// Everything that would be wrong, as [`Loaded::assemble`] says it.
    pub fn with(
        &self,
        put: Vec<Object>,
        gone: &[Key],
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, Errors> {
        let change = Change::new(self, put, gone);
        if !change.concerns_sections()
            && let Some(fresh) = change.read(surroundings)
        {
            let document = change.spliced(&fresh);
            let objects = change.objects.into_iter().map(|(object, _)| object).collect();
            return Ok(Self { document, objects, base: self.base.clone() });
        }
        let objects = change.objects.into_iter().map(|(object, _)| object).collect();
        Self::put_together(objects, self.base.clone(), surroundings)
    }
}

/// What of a document changes.
struct Change<'l> {
    before: &'l Loaded,
    /// All objects afterwards in the order of the document, with where the unchanged ones were.
    objects: Vec<(Object, Option<usize>)>,
    /// Keys of objects that are put.
    put: HashSet<Key>,
    /// Keys of objects that are gone.
    gone: HashSet<Key>,
}

/// What was read of the objects that changed.
struct Fresh {
    certificates: HashMap<String, Arc<Certificate>>,
    upstreams: HashMap<String, Arc<Upstream>>,
    routes: HashMap<String, Arc<Route>>,
}

impl<'l> Change<'l> {
    fn new(before: &'l Loaded, put: Vec<Object>, gone: &[Key]) -> Self {
        let mut new: HashMap<Key, Object> = HashMap::new();
        let mut order = Vec::new();
        for object in put {
            if new.insert(object.key().clone(), object.clone()).is_none() {
                order.push(object.key().clone());
            }
        }
        let put: HashSet<Key> = order.iter().cloned().collect();
        let gone: HashSet<Key> = gone.iter().filter(|key| !put.contains(key)).cloned().collect();
        let mut objects = Vec::with_capacity(before.objects.len() + order.len());
        let mut order = order.into_iter().peekable();
        for (index, object) in before.objects.iter().enumerate() {
            match new.remove(object.key()) {
                Some(changed) => objects.push((changed, None)),
                None if gone.contains(object.key()) => {}
                None => objects.push((object.clone(), Some(index))),
            }
        }
        let is_behind = order.peek().is_some() && !new.is_empty();
        objects.extend(order.filter_map(|key| new.remove(&key)).map(|object| (object, None)));
        if is_behind {
            objects.sort_by_key(|(object, _)| object.key().kind);
        }
        Self { before, objects, put, gone }
    }

    fn concerns_sections(&self) -> bool {
        self.put.iter().chain(&self.gone).any(|key| key.kind == Kind::Section)
    }

    /// Reads and checks what the change can concern. `None` where something is wrong with it: of that, the whole is told.
    fn read(&self, surroundings: &Surroundings<'_>) -> Option<Fresh> {
        let chosen = reduced::concerned(self);
        let merged = Merged::new(chosen.iter().copied(), &self.before.base);
        let read = merged.read(surroundings, &|key| self.put.contains(key)).ok()?;
        let Document { certificates, upstreams, routes, .. } = read;
        Some(Fresh {
            certificates: certificates.into_iter().map(|one| (one.id.clone(), one)).collect(),
            upstreams: upstreams.into_iter().map(|one| (one.name.clone(), one)).collect(),
            routes: routes.into_iter().map(|one| (one.id.clone(), one)).collect(),
        })
    }

    /// The document afterwards.
    fn spliced(&self, fresh: &Fresh) -> Document {
        let before = &self.before.document;
        Document {
            certificates: self.list(Kind::Certificate, &before.certificates, &fresh.certificates),
            upstreams: self.list(Kind::Upstream, &before.upstreams, &fresh.upstreams),
            routes: self.list(Kind::Route, &before.routes, &fresh.routes),
            ..before.sections()
        }
    }

    fn list<T>(&self, kind: Kind, before: &[Arc<T>], fresh: &HashMap<String, Arc<T>>) -> Vec<Arc<T>> {
        let first = self.before.objects.partition_point(|object| object.key().kind < kind);
        let one = |(object, from): &(Object, Option<usize>)| match from {
            Some(from) => before.get(from.checked_sub(first)?).cloned(),
            None => fresh.get(&object.key().id).cloned(),
        };
        self.of_kind(kind).iter().filter_map(one).collect()
    }

    /// The objects of a kind afterwards.
    fn of_kind(&self, kind: Kind) -> &[(Object, Option<usize>)] {
        let start = self.objects.partition_point(|(object, _)| object.key().kind < kind);
        let end = self.objects.partition_point(|(object, _)| object.key().kind <= kind);
        self.objects.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
