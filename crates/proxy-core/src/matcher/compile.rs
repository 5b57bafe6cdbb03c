//! From rules as written to tables.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::fmt;

use super::hash::ByteMap;
use super::host::{HostTable, Hosts};
use super::trie::TrieBuilder;
use super::{Candidate, Group, HostPattern, Matcher, NONE, PathPattern, PathRegex, RouteOrder, Rule, Wanted};

/// Host and path patterns together are longer than 32 bits can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("patterns of hosts and paths are longer than 4 GiB together")
    }
}

impl std::error::Error for TooLarge {}

/// A rule on its way to its place.
struct Entry<T> {
    table: u32,
    /// For a regular expression, the position of the table's first rule with it.
    first: u32,
    position: u32,
    /// How many conditions the rule has, as far as that matters to its place.
    conditions: usize,
    rule: Rule<T>,
}

pub(super) fn compile<T>(order: RouteOrder, rules: Vec<Rule<T>>) -> Result<Matcher<T>, TooLarge> {
    check_size(&rules)?;
    let hosts = number_hosts(&rules);
    let mut entries = entries(order, rules, &hosts);
    entries.sort_unstable_by(|a, b| compare(a, b).then_with(|| rank(a).cmp(&rank(b))));
    let (mut tables, hosts) = link_hosts(&hosts);
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

/// Every number that is stored in 32 bits counts something of which there are at most two for each byte of pattern
/// and for each rule.
fn check_size<T>(rules: &[Rule<T>]) -> Result<(), TooLarge> {
    let host = |pattern: &HostPattern| match pattern {
        HostPattern::Any => 0,
        HostPattern::Exact(name) | HostPattern::Suffix(name) => name.len(),
    };
    let size = rules.iter().map(|rule| 4 + host(&rule.host) + rule.path.len()).sum::<usize>();
    if size < (NONE / 2) as usize { Ok(()) } else { Err(TooLarge) }
}

/// A number for each host pattern, in lower case.
fn number_hosts<T>(rules: &[Rule<T>]) -> HashMap<HostPattern, u32> {
    let mut numbers = HashMap::new();
    for rule in rules {
        let next = numbers.len() as u32;
        numbers.entry(lower_case(&rule.host)).or_insert(next);
    }
    numbers
}

fn lower_case(host: &HostPattern) -> HostPattern {
    match host {
        HostPattern::Any => HostPattern::Any,
        HostPattern::Exact(name) => HostPattern::Exact(name.to_ascii_lowercase()),
        HostPattern::Suffix(name) => HostPattern::Suffix(name.to_ascii_lowercase()),
    }
}

fn entries<T>(order: RouteOrder, rules: Vec<Rule<T>>, hosts: &HashMap<HostPattern, u32>) -> Vec<Entry<T>> {
    let mut firsts = HashMap::new();
    let entry = |(position, rule): (usize, Rule<T>)| {
        let position = position as u32;
        let table = hosts.get(&lower_case(&rule.host)).copied().unwrap_or(NONE);
        let first = match &rule.path {
            PathPattern::Regex(regex) => {
                *firsts.entry((table, regex.as_str().to_owned())).or_insert(position)
            }
            PathPattern::Exact(_) | PathPattern::Prefix(_) => 0,
        };
        let conditions = match order {
            RouteOrder::Specific => rule.conditions.count(),
            RouteOrder::Written => 0,
        };
        Entry { table, first, position, conditions, rule }
    };
    rules.into_iter().enumerate().map(entry).collect()
}

/// Equal for rules of one group. Prefixes stand in the order of their text, which is the order that a trie is built
/// in; from the longest to the shortest is how it is walked.
fn compare<T>(a: &Entry<T>, b: &Entry<T>) -> Ordering {
    let path = match (&a.rule.path, &b.rule.path) {
        (PathPattern::Exact(a), PathPattern::Exact(b)) | (PathPattern::Prefix(a), PathPattern::Prefix(b)) => {
            a.cmp(b)
        }
        (a, b) => class(a).cmp(&class(b)),
    };
    a.table.cmp(&b.table).then(path).then(a.first.cmp(&b.first))
}

fn class(path: &PathPattern) -> u8 {
    match path {
        PathPattern::Exact(_) => 0,
        PathPattern::Regex(_) => 1,
        PathPattern::Prefix(_) => 2,
    }
}

/// The order within a group.
fn rank<T>(entry: &Entry<T>) -> (Reverse<usize>, u32) {
    (Reverse(entry.conditions), entry.position)
}

fn candidate<T>(entry: Entry<T>) -> Candidate<T> {
    Candidate {
        position: entry.position,
        wanted: Wanted::new(entry.rule.conditions),
        value: entry.rule.value,
    }
}

/// A table for each host, each with the next less specific one.
fn link_hosts(numbers: &HashMap<HostPattern, u32>) -> (Vec<HostTable>, Hosts) {
    let empty = HostTable { has_exact: false, regexes: (0, 0), prefixes: NONE, next: NONE };
    let mut tables = vec![empty; numbers.len()];
    let any = numbers.get(&HostPattern::Any).copied().unwrap_or(NONE);
    let (mut names, mut suffixes) = (Vec::new(), Vec::new());
    for (host, &table) in numbers {
        match host {
            HostPattern::Any => {}
            HostPattern::Exact(name) => names.push((name.as_str(), table)),
            HostPattern::Suffix(name) => {
                suffixes.push((name.bytes().rev().chain([b'.']).collect::<Vec<u8>>(), table));
            }
        }
    }
    suffixes.sort_unstable();
    // A map's order is arbitrary, what is compiled from it is not.
    names.sort_unstable();
    let keys: Vec<(&[u8], u32)> = suffixes.iter().map(|(key, table)| (&**key, *table)).collect();
    let mut trie = TrieBuilder::default();
    let suffix_root = trie.add(&keys, |table, outer| {
        set_next(&mut tables, table, if outer == NONE { any } else { outer });
    });
    let exact: Vec<_> = names.iter().map(|&(name, table)| (0, name.as_bytes(), table)).collect();
    let hosts = Hosts { exact: ByteMap::new(&exact), suffixes: trie.build_backwards(), suffix_root, any };
    for (name, table) in names {
        set_next(&mut tables, table, hosts.wildcard(name));
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
    fn new<T>(entries: &'a [Entry<T>], tables: &mut [HostTable]) -> Self {
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
                match group.first().map(|entry| &entry.rule.path) {
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
