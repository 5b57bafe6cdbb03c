//! Names of upstreams: those of the document, and those that are made here.

use std::collections::HashSet;

/// Names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Takes the names that the document gives.
    pub(super) fn extend(&mut self, names: impl Iterator<Item = String>) {
        self.0.extend(names);
    }

    /// Takes this name, or where it is taken this name with the first free number behind it.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{name}#{number}"));
        let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
        let fresh = candidates.find(|name| !self.0.contains(name)).unwrap_or_default();
        self.0.insert(fresh.clone());
        fresh
    }
}
