//! What a document asks for by name.

use std::sync::Arc;

use lb_strategies::{Registry, Strategy};

/// What a document can ask for by name. An embedder's own are found the same way as those of proxyd.
///
/// # Defaults
/// The strategies `ROUND_ROBIN` and `RANDOM`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Factories {
    /// Strategies, by the name that `strategy` gives.
    pub strategies: Registry,
}

impl Factories {
    /// With one more strategy, in place of the one that had its name before.
    #[must_use]
    pub fn strategy(mut self, name: &str, strategy: impl Strategy + 'static) -> Self {
        self.strategies.register(name, Arc::new(strategy));
        self
    }
}

impl Default for Factories {
    fn default() -> Self {
        Self { strategies: Registry::with_builtins() }
    }
}
