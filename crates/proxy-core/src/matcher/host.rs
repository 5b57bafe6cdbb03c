//! Hosts: from a name to the most specific table of paths, and from each table to the next less specific one.

use super::NONE;
use super::hash::ByteMap;
use super::trie::{Text, Trie};

/// From names to tables.
#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) exact: ByteMap,
    /// Wildcards, as suffixes read from their end: `.test` is `tset.`.
    pub(super) suffixes: Trie,
    pub(super) suffix_root: u32,
    /// The table of any host.
    pub(super) any: u32,
}

/// The paths of one host pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct HostTable {
    pub(super) has_exact: bool,
    /// The regular expressions from here to there.
    pub(super) regexes: (u32, u32),
    /// The root of the prefixes.
    pub(super) prefixes: u32,
    /// The next less specific table.
    pub(super) next: u32,
}

impl Hosts {
    /// The most specific table for `host`, or [`NONE`].
    #[inline]
    pub(super) fn first(&self, host: &str) -> u32 {
        match self.exact.get(0, host.as_bytes()) {
            NONE => self.wildcard(host),
            table => table,
        }
    }

    /// The most specific table for `host` that is not for this host alone, or [`NONE`].
    pub(super) fn wildcard(&self, host: &str) -> u32 {
        // The label that a wildcard stands for is not empty.
        if self.suffix_root == NONE || host.starts_with('.') {
            return self.any;
        }
        match self.suffixes.longest(self.suffix_root, Backwards(host.as_bytes())) {
            NONE => self.any,
            table => table,
        }
    }
}

/// A host read from its end.
#[derive(Clone, Copy)]
struct Backwards<'a>(&'a [u8]);

impl Text for Backwards<'_> {
    #[inline]
    fn byte(self, at: usize) -> Option<u8> {
        self.0.len().checked_sub(at + 1).and_then(|index| self.0.get(index)).copied()
    }

    #[inline]
    fn has(self, at: usize, label: &[u8]) -> bool {
        let rest = self.0.len().checked_sub(at).and_then(|length| self.0.get(..length)).unwrap_or_default();
        rest.ends_with(label)
    }
}
