//! Strategies by name.

use crate::{Random, RoundRobin, Strategy};
use std::{collections::BTreeMap, fmt, sync::Arc};

#[cfg(test)]
mod tests;

/// Strategies by the name under which a configuration asks for them.
///
/// Names match whatever their case, and `_` and `-` are passed over: `ROUND_ROBIN`, `round-robin` and
/// `roundRobin` are one name.
///
/// ```
/// use lb_strategies::{BackendView, PickContext, Registry, from_fn};
/// use std::sync::Arc;
///
/// let mut registry = Registry::with_builtins();
/// registry.register("always_first", Arc::new(from_fn(|backends: &[BackendView<'_>]| {
///     let count = backends.len();
///     move |context: &PickContext<'_>| (0..count).find(|&index| !context.tried.contains(index))
/// })));
/// assert!(registry.find("ALWAYS_FIRST").is_some());
/// assert_eq!(registry.names().collect::<Vec<_>>(), ["always_first", "random", "round_robin"]);
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone)]
struct Entry {
    name: String,
    strategy: Arc<dyn Strategy>,
}

impl Registry {
    /// A registry without any strategy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A registry of the strategies of this crate: `round_robin` and `random`.
    #[must_use]
    pub fn with_builtins() -> Self {
        let mut registry = Self::new();
        registry.register("round_robin", Arc::new(RoundRobin));
        registry.register("random", Arc::new(Random));
        registry
    }

    /// Makes a strategy known under a name, and returns the one that had it before.
    pub fn register(&mut self, name: &str, strategy: Arc<dyn Strategy>) -> Option<Arc<dyn Strategy>> {
        let entry = Entry { name: name.to_owned(), strategy };
        self.entries.insert(canonical(name), entry).map(|former| former.strategy)
    }

    /// The strategy of this name, in any of its spellings.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Arc<dyn Strategy>> {
        self.entries.get(&canonical(name)).map(|entry| Arc::clone(&entry.strategy))
    }

    /// The names as they were registered, in alphabetical order of their canonical form.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.values().map(|entry| entry.name.as_str())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

fn canonical(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '_' | '-')).flat_map(char::to_lowercase).collect()
}
