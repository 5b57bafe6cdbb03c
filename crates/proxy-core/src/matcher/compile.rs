//! From rules as written to tables.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::sync::Arc;

use super::hash::ByteMap;
use super::host::{HostTable, Hosts};
use super::trie::TrieBuilder;
use super::{
    Candidate, Conditions, Group, HostPattern, Matcher, NONE, PathPattern, PathRegex, RouteOrder, Wanted,
};
use crate::folded::FoldedMap;

/// Host and path patterns together are longer than 32 bits can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("patterns of hosts and paths are longer than 4 GiB together")
    }
}

impl std::error::Error for TooLarge {}

/// What one rule matches by.
#[derive(Clone, Copy)]
pub(crate) struct Pattern<'r> {
    pub(crate) host: &'r HostPattern,
    pub(crate) path: &'r PathPattern,
    pub(crate) conditions: &'r Conditions,
    /// The conditions ready to be looked at.
    pub(crate) wanted: &'r Option<Arc<Wanted>>,
}

/// A rule on its way to its place.
struct Entry<'r, T> {
    table: u32,
    /// For a regular expression, the position of the table's first rule with it.
    first: u32,
    position: u32,
    /// How many conditions the rule has, as far as that matters to its place.
    conditions: u32,
    path: &'r PathPattern,
    wanted: &'r Option<Arc<Wanted>>,
    value: T,
}

pub(super) fn compile<'r, T>(
    order: RouteOrder,
    rules: impl ExactSizeIterator<Item = (Pattern<'r>, T)>,
) -> Result<Matcher<T>, TooLarge> {
    let mut hosts = HostNumbers::default();
    let mut entries = entries(order, rules, &mut hosts)?;
    entries.sort_unstable_by(|a, b| compare(a, b).then_with(|| rank(a).cmp(&rank(b))));
    let (mut tables, hosts) = link_hosts(&hosts.patterns);
    let paths = Paths::new(&entries, &mut tables);
    Ok(Matcher {
        order,
        hosts,
        tables: tables.into(),
        exact: ByteMap::new(&paths.exact),
        regexes: paths.regexes.into(),
        prefixes: paths.prefixes.build(),
        groups: paths.groups.into(),
        candidates: entries.into_iter().map(candidate).collect(),
    })
}

/// A host pattern in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Host<'r> {
    Any,
    Exact(Cow<'r, str>),
    Suffix(Cow<'r, str>),
}

impl<'r> Host<'r> {
    fn of(pattern: &'r HostPattern) -> Self {
        match pattern {
            HostPattern::Any => Self::Any,
            HostPattern::Exact(name) => Self::Exact(lower_case(name)),
            HostPattern::Suffix(name) => Self::Suffix(lower_case(name)),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Any => 0,
            Self::Exact(name) | Self::Suffix(name) => name.len(),
        }
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// A number for each host pattern: its place among them.
#[derive(Default)]
struct HostNumbers<'r> {
    patterns: Vec<Host<'r>>,
    numbers: FoldedMap<Host<'r>, u32>,
}

impl<'r> HostNumbers<'r> {
    fn number(&mut self, host: Host<'r>) -> u32 {
        let next = self.patterns.len() as u32;
        let number = *self.numbers.entry(host.clone()).or_insert(next);
        if number == next {
            self.patterns.push(host);
        }
        number
    }
}

/// The rules as written. Every number that is stored in 32 bits counts something of which there are at most two for each
/// byte of pattern and for each rule.
fn entries<'r, T>(
    order: RouteOrder,
    rules: impl ExactSizeIterator<Item = (Pattern<'r>, T)>,
    hosts: &mut HostNumbers<'r>,
) -> Result<Vec<Entry<'r, T>>, TooLarge> {
    let mut firsts = FoldedMap::default();
    let mut entries = Vec::with_capacity(rules.len());
    let mut size = 0;
    for (pattern, value) in rules {
        let host = Host::of(pattern.host);
        size += 4 + host.len() + pattern.path.len();
        if size >= (NONE / 2) as usize {
            return Err(TooLarge);
        }
        let position = entries.len() as u32;
        let table = hosts.number(host);
        let first = match pattern.path {
            PathPattern::Regex(regex) => *firsts.entry((table, regex.as_str())).or_insert(position),
            PathPattern::Exact(_) | PathPattern::Prefix(_) => 0,
        };
        let conditions = match order {
            RouteOrder::Specific => pattern.conditions.count() as u32,
            RouteOrder::Written => 0,
        };
        let Pattern { path, wanted, .. } = pattern;
        entries.push(Entry { table, first, position, conditions, path, wanted, value });
    }
    Ok(entries)
}

/// Equal for rules of one group. Prefixes stand in the order of their text, which is the order that a trie is built
/// in; from the longest to the shortest is how it is walked.
fn compare<T>(a: &Entry<'_, T>, b: &Entry<'_, T>) -> Ordering {
    a.table.cmp(&b.table).then_with(|| compare_paths(a.path, b.path)).then(a.first.cmp(&b.first))
}

fn compare_paths(a: &PathPattern, b: &PathPattern) -> Ordering {
    match (a, b) {
        (PathPattern::Exact(a), PathPattern::Exact(b)) | (PathPattern::Prefix(a), PathPattern::Prefix(b)) => {
            a.cmp(b)
        }
        (a, b) => class(a).cmp(&class(b)),
    }
}

fn class(path: &PathPattern) -> u8 {
    match path {
        PathPattern::Exact(_) => 0,
        PathPattern::Regex(_) => 1,
        PathPattern::Prefix(_) => 2,
    }
}

/// The order within a group.
fn rank<T>(entry: &Entry<'_, T>) -> (Reverse<u32>, u32) {
    (Reverse(entry.conditions), entry.position)
}

fn candidate<T>(entry: Entry<'_, T>) -> Candidate<T> {
    Candidate { position: entry.position, wanted: entry.wanted.clone(), value: entry.value }
}

/// A table for each host, each with the next less specific one.
fn link_hosts(patterns: &[Host<'_>]) -> (Vec<HostTable>, Hosts) {
    let empty = HostTable { has_exact: false, regexes: (0, 0), prefixes: NONE, next: NONE };
    let mut tables = vec![empty; patterns.len()];
    let mut any = NONE;
    let (mut names, mut suffixes) = (Vec::with_capacity(patterns.len()), Vec::new());
    for (table, host) in patterns.iter().enumerate() {
        let table = table as u32;
        match host {
            Host::Any => any = table,
            Host::Exact(name) => names.push((0, name.as_bytes(), table)),
            Host::Suffix(name) => {
                suffixes.push((name.bytes().rev().chain([b'.']).collect::<Vec<u8>>(), table));
            }
        }
    }
    suffixes.sort_unstable();
    let keys: Vec<(&[u8], u32)> = suffixes.iter().map(|(key, table)| (&**key, *table)).collect();
    let mut trie = TrieBuilder::default();
    let suffix_root = trie.add(&keys, |table, outer| {
        set_next(&mut tables, table, if outer == NONE { any } else { outer });
    });
    let hosts = Hosts { exact: ByteMap::new(&names), suffixes: trie.build_backwards(), suffix_root, any };
    for host in patterns.iter().enumerate() {
        if let (table, Host::Exact(name)) = host {
            set_next(&mut tables, table as u32, hosts.wildcard(name));
        }
    }
    (tables, hosts)
}

fn set_next(tables: &mut [HostTable], table: u32, next: u32) {
    if let Some(table) = tables.get_mut(table as usize) {
        table.next = next;
    }
}

/// What paths lead to, for all tables.
struct Paths<'a> {
    groups: Vec<Group>,
    exact: Vec<(u32, &'a [u8], u32)>,
    regexes: Vec<(PathRegex, u32)>,
    prefixes: TrieBuilder,
}

impl<'a> Paths<'a> {
    /// Groups the sorted entries and enters each group under its path in its table.
    fn new<T>(entries: &'a [Entry<'_, T>], tables: &mut [HostTable]) -> Self {
        let mut paths = Self {
            groups: Vec::new(),
            exact: Vec::new(),
            regexes: Vec::new(),
            prefixes: TrieBuilder::default(),
        };
        let mut start = 0;
        let mut keys = Vec::new();
        for host in entries.chunk_by(|a, b| a.table == b.table) {
            let Some((id, table)) =
                host.first().and_then(|entry| Some((entry.table, tables.get_mut(entry.table as usize)?)))
            else {
                continue;
            };
            keys.clear();
            table.regexes.0 = paths.regexes.len() as u32;
            for group in host.chunk_by(|a, b| compare(a, b).is_eq()) {
                let number = paths.groups.len() as u32;
                let end = start + group.len() as u32;
                paths.groups.push(Group { start, end, outer: NONE });
                start = end;
                match group.first().map(|entry| entry.path) {
                    Some(PathPattern::Exact(path)) => paths.exact.push((id, path.as_bytes(), number)),
                    Some(PathPattern::Regex(regex)) => paths.regexes.push((regex.clone(), number)),
                    Some(PathPattern::Prefix(text)) => keys.push((text.as_bytes(), number)),
                    None => {}
                }
            }
            table.has_exact = paths.exact.last().is_some_and(|last| last.0 == id);
            table.regexes.1 = paths.regexes.len() as u32;
            let groups = &mut paths.groups;
            table.prefixes = paths.prefixes.add(&keys, |group, outer| {
                if let Some(group) = groups.get_mut(group as usize) {
                    group.outer = outer;
                }
            });
        }
        paths
    }
}
