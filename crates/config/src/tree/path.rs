//! Paths such as `routes[2].requestHeaders.set["x.y"]`.

use super::{NodeId, Slot, Tree};
use std::iter;

impl Tree {
    /// The path of a node; empty for the root.
    pub(crate) fn path(&self, id: NodeId) -> String {
        self.path_from(Self::ROOT, id)
    }

    /// The path of a node from one above it.
    pub(crate) fn path_from(&self, from: NodeId, id: NodeId) -> String {
        let mut slots = Vec::new();
        let mut at = id;
        while let Some(above) = self.node(at).above.filter(|_| at != from) {
            slots.push(self.node(at).slot);
            at = above;
        }
        let mut path = String::new();
        for slot in slots.into_iter().rev() {
            match slot {
                Slot::Root => {}
                Slot::Item(index) => path.push_str(&format!("[{index}]")),
                Slot::Key(key) => push_key(&mut path, self.text(key).unwrap_or_default()),
            }
        }
        path
    }

    /// The node at a path. A key matches whatever its case and underscores, as names in code do.
    pub(crate) fn find(&self, path: &str) -> Option<NodeId> {
        self.find_from(Self::ROOT, path)
    }

    /// The node at a path from another one.
    pub(crate) fn find_from(&self, from: NodeId, path: &str) -> Option<NodeId> {
        self.find_by(from, path, |list, index| self.items(list).get(index).copied())
    }

    /// [`Tree::find`] with another way to count the items of a list.
    fn find_by(
        &self,
        from: NodeId,
        path: &str,
        item: impl Fn(NodeId, usize) -> Option<NodeId>,
    ) -> Option<NodeId> {
        let mut at = from;
        let mut rest = path;
        while !rest.is_empty() {
            let (step, after) = step(rest)?;
            at = match step {
                Step::Item(index) => item(at, index)?,
                Step::Key(key) => self.get(at, key).or_else(|| self.get_alike(at, key))?,
            };
            rest = after;
        }
        Some(at)
    }

    /// The node at a path, or the nearest one above it, and whether it is the node itself.
    pub(crate) fn find_nearest(&self, path: &str) -> (NodeId, bool) {
        self.find_nearest_from(Self::ROOT, path)
    }

    /// [`Tree::find_nearest`] of a path from another node.
    pub(crate) fn find_nearest_from(&self, from: NodeId, path: &str) -> (NodeId, bool) {
        self.nearest_by(from, path, |list, index| self.items(list).get(index).copied())
    }

    /// [`Tree::find_nearest`] with another way to count the items of a list.
    pub(crate) fn find_nearest_by(
        &self,
        path: &str,
        item: impl Fn(NodeId, usize) -> Option<NodeId>,
    ) -> (NodeId, bool) {
        self.nearest_by(Self::ROOT, path, item)
    }

    fn nearest_by(
        &self,
        from: NodeId,
        path: &str,
        item: impl Fn(NodeId, usize) -> Option<NodeId>,
    ) -> (NodeId, bool) {
        if let Some(id) = self.find_by(from, path, &item) {
            return (id, true);
        }
        let mut ends = path.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '['));
        let above = ends.find_map(|(at, _)| self.find_by(from, path.get(..at)?, &item));
        (above.unwrap_or(from), false)
    }

    fn get_alike(&self, id: NodeId, key: &str) -> Option<NodeId> {
        let mut entries = self.entries(id).iter();
        entries
            .find(|(name, _)| self.text(*name).is_some_and(|name| is_alike(name, key)))
            .map(|entry| entry.1)
    }
}

/// Whether two keys are the same but for case and underscores.
pub(crate) fn is_alike(one: &str, other: &str) -> bool {
    let fold = |key: &str| key.replace('_', "").to_ascii_lowercase();
    one == other || fold(one) == fold(other)
}

/// A path with another one behind it.
pub(crate) fn joined(path: &str, rest: &str) -> String {
    let dot = if path.is_empty() || rest.is_empty() || rest.starts_with('[') { "" } else { "." };
    format!("{path}{dot}{rest}")
}

/// The JSON pointer (RFC 6901) of a path such as `backends[0].port`: `/backends/0/port`. Empty for the empty path.
pub fn pointer(path: &str) -> String {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    let steps = steps(path).into_iter().map(|step| match step {
        Step::Item(index) => format!("/{index}"),
        Step::Key(key) => format!("/{}", escaped(key)),
    });
    steps.collect()
}

/// From a node to one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Item(usize),
    Key(&'a str),
}

/// The steps of a path, as far as it is one.
pub(crate) fn steps(path: &str) -> Vec<Step<'_>> {
    let mut rest = path;
    let next = || {
        let (step, after) = step(rest).filter(|_| !rest.is_empty())?;
        rest = after;
        Some(step)
    };
    iter::from_fn(next).collect()
}

/// The first step of a path and the rest behind it.
pub(crate) fn step(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(quoted) = path.strip_prefix("[\"") {
        let (key, rest) = quoted.split_once("\"]")?;
        return Some((Step::Key(key), rest.strip_prefix('.').unwrap_or(rest)));
    }
    if let Some(index) = path.strip_prefix('[') {
        let (index, rest) = index.split_once(']')?;
        return Some((Step::Item(index.parse().ok()?), rest.strip_prefix('.').unwrap_or(rest)));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (key, rest) = path.split_at(end);
    Some((Step::Key(key), rest.strip_prefix('.').unwrap_or(rest)))
}

/// Appends a key, quoted where dots or brackets would be read as steps.
pub(crate) fn push_key(path: &mut String, key: &str) {
    if key.is_empty() || key.contains(['.', '[', ']', '"', ' ']) {
        path.push_str(&format!("[\"{key}\"]"));
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    }
}
