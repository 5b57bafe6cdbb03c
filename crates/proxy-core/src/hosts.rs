//! From a host to what is said of it: by its name, by the nearest wildcard above it, or of any.

use std::collections::HashMap;

use crate::spec::HostPattern;

/// Something for each of some hosts.
#[derive(Debug)]
pub(crate) struct HostTable<T> {
    exact: HashMap<String, T>,
    /// By what stands behind `*.`.
    suffixes: HashMap<String, T>,
    any: Option<T>,
}

impl<T> HostTable<T> {
    /// The first that is said of a pattern counts.
    pub(crate) fn new(all: impl IntoIterator<Item = (HostPattern, T)>) -> Self {
        let mut table = Self { exact: HashMap::new(), suffixes: HashMap::new(), any: None };
        for (pattern, value) in all {
            match pattern {
                HostPattern::Exact(name) => {
                    table.exact.entry(name).or_insert(value);
                }
                HostPattern::Suffix(name) => {
                    table.suffixes.entry(name).or_insert(value);
                }
                HostPattern::Any => {
                    table.any.get_or_insert(value);
                }
            }
        }
        table
    }

    /// True where nothing is said of any host.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.suffixes.is_empty() && self.any.is_none()
    }

    /// What is said of a host, in lower case and without the root's dot: the same that routes are matched by.
    pub(crate) fn find(&self, host: &str) -> Option<&T> {
        if let Some(found) = self.exact.get(host) {
            return Some(found);
        }
        let parents =
            std::iter::successors(parent(host).filter(|_| !host.starts_with('.')), |host| parent(host));
        let found = parents.filter_map(|parent| self.suffixes.get(parent)).next();
        found.or(self.any.as_ref())
    }
}

fn parent(host: &str) -> Option<&str> {
    host.split_once('.').map(|(_, parent)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_pattern_counts() {
        let suffix = |name: &str| HostPattern::Suffix(name.to_owned());
        let table = HostTable::new([
            (HostPattern::Any, 0),
            (suffix("test"), 1),
            (suffix("b.test"), 2),
            (HostPattern::Exact("a.b.test".to_owned()), 3),
            (suffix("b.test"), 4),
        ]);
        for (host, expected) in [
            ("a.b.test", 3),
            ("c.b.test", 2),
            ("d.c.b.test", 2),
            ("b.test", 1),
            ("test", 0),
            (".test", 0),
            ("", 0),
            ("other", 0),
        ] {
            assert_eq!(table.find(host), Some(&expected), "{host}");
        }
        assert_eq!(HostTable::<u8>::new([]).find("a.test"), None);
    }
}
