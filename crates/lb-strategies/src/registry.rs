//! Strategies by name.

use crate::{ConsistentHash, First, LeastLatency, LeastRequests, Random, RoundRobin, Strategy};
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
/// assert_eq!(registry.names().next(), Some("always_first"));
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    entries: BTreeMap<String, Entry>,
    /// From the canonical form of the other name to that of the name.
    aliases: BTreeMap<String, String>,
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

    /// A registry of the strategies of this crate.
    ///
    /// | name | also found as | strategy |
    /// |---|---|---|
    /// | `round_robin` | | [`RoundRobin`] |
    /// | `random` | | [`Random`] |
    /// | `least_requests` | `least_conn`, `least_connections` | [`LeastRequests`] |
    /// | `least_latency` | `latency`, `peak_ewma` | [`LeastLatency`] |
    /// | `ip_hash`, `hash` | | [`ConsistentHash`], not bounded |
    /// | `first` | | [`First`] |
    #[must_use]
    pub fn with_builtins() -> Self {
        let mut registry = Self::new();
        registry.register("round_robin", Arc::new(RoundRobin));
        registry.register("random", Arc::new(Random));
        registry.register("least_requests", Arc::new(LeastRequests));
        registry.register("least_latency", Arc::new(LeastLatency));
        registry.register("ip_hash", Arc::new(ConsistentHash::new()));
        registry.register("hash", Arc::new(ConsistentHash::new()));
        registry.register("first", Arc::new(First));
        for (alias, name) in [
            ("least_conn", "least_requests"),
            ("least_connections", "least_requests"),
            ("latency", "least_latency"),
            ("peak_ewma", "least_latency"),
        ] {
            registry.alias(alias, name);
        }
        registry
    }

    /// Makes a strategy known under a name, and returns the one that had it before.
    pub fn register(&mut self, name: &str, strategy: Arc<dyn Strategy>) -> Option<Arc<dyn Strategy>> {
        let entry = Entry { name: name.to_owned(), strategy };
        self.entries.insert(canonical(name), entry).map(|former| former.strategy)
    }

    /// Lets a name be found under another one as well, which [`names`](Self::names) does not list. It finds
    /// whatever is registered under the name at that time; a strategy registered under the other name itself
    /// comes before it.
    pub fn alias(&mut self, alias: &str, name: &str) {
        self.aliases.insert(canonical(alias), canonical(name));
    }

    /// The strategy of this name or alias, in any of its spellings.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Arc<dyn Strategy>> {
        let name = canonical(name);
        let entry = self.entries.get(&name).or_else(|| self.entries.get(self.aliases.get(&name)?));
        entry.map(|entry| Arc::clone(&entry.strategy))
    }

    /// The names as they were registered, in alphabetical order of their canonical form, without aliases.
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
