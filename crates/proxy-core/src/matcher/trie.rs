//! Tries over bytes with compressed paths: the longest key that a text starts with, in one pass over the text.

use super::NONE;
use super::hash::{Slot, Slots, folded};

/// A text to look up.
pub(super) trait Text: Copy {
    fn byte(self, at: usize) -> Option<u8>;

    /// Whether `label` lies at `at`. A text that is read backwards gets labels in the order of writing.
    fn has(self, at: usize, label: &[u8]) -> bool;
}

/// Any number of tries in common storage, each known by its root.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Box<[Node]>,
    edges: Slots<Edge>,
    labels: Box<[u8]>,
}

/// What is built first and looked up in later.
#[derive(Debug, Default)]
pub(super) struct TrieBuilder {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    labels: Vec<u8>,
    /// What is still to be placed, kept for the next trie.
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The bytes after the one of the edge that leads here.
    start: u32,
    length: u32,
    /// The value of the longest key that ends here or above.
    value: u32,
    has_edges: bool,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    parent: u32,
    child: u32,
    byte: u8,
}

impl Slot for Edge {
    const VACANT: Self = Self { parent: NONE, child: NONE, byte: 0 };

    #[inline]
    fn is_vacant(&self) -> bool {
        self.child == NONE
    }
}

impl Edge {
    #[inline]
    fn hash(seed: u64, parent: u32, byte: u8) -> u64 {
        folded(seed ^ (u64::from(parent) << 8 | u64::from(byte)))
    }
}

impl Trie {
    /// The value of the longest key that `text` starts with, in the trie of `root`, or [`NONE`].
    #[inline]
    pub(super) fn longest(&self, root: u32, text: impl Text) -> u32 {
        let (mut id, mut at, mut found) = (root, 0, NONE);
        while let Some(node) = self.nodes.get(id as usize) {
            if node.length > 0 {
                let label = self.labels.get(node.start as usize..).unwrap_or_default();
                let label = label.get(..node.length as usize).unwrap_or_default();
                if !text.has(at, label) {
                    break;
                }
                at += label.len();
            }
            found = node.value;
            if !node.has_edges {
                break;
            }
            let Some(byte) = text.byte(at) else { break };
            at += 1;
            id = self.child(id, byte);
        }
        found
    }

    #[inline]
    fn child(&self, parent: u32, byte: u8) -> u32 {
        let is_wanted = |edge: &Edge| edge.parent == parent && edge.byte == byte;
        self.edges
            .find(Edge::hash(self.edges.seed(), parent, byte), is_wanted)
            .map_or(NONE, |edge| edge.child)
    }
}

/// Keys that share what lies before `depth` and have a node of their own.
#[derive(Debug)]
struct Span {
    keys: std::ops::Range<usize>,
    depth: usize,
    node: usize,
    /// The value of the longest key above.
    above: u32,
}

impl TrieBuilder {
    /// Adds a trie of `keys`, which are sorted and distinct, with their values, and tells `on_nested` each value
    /// together with that of the next shorter key, or [`NONE`]. The result is the root.
    pub(super) fn add(&mut self, keys: &[(&[u8], u32)], mut on_nested: impl FnMut(u32, u32)) -> u32 {
        if keys.is_empty() {
            return NONE;
        }
        let root = self.reserve();
        // A stack of our own, since keys may be nested thousands deep.
        let mut spans = std::mem::take(&mut self.spans);
        spans.push(Span { keys: 0..keys.len(), depth: 0, node: root, above: NONE });
        while let Some(span) = spans.pop() {
            self.place(keys, &span, &mut spans, &mut on_nested);
        }
        self.spans = spans;
        root as u32
    }

    /// Tries for texts that are read backwards, built of keys that were turned round.
    pub(super) fn build_backwards(mut self) -> Trie {
        for node in &self.nodes {
            let label = self.labels.get_mut(node.start as usize..).unwrap_or_default();
            label.get_mut(..node.length as usize).unwrap_or_default().reverse();
        }
        self.build()
    }

    pub(super) fn build(self) -> Trie {
        let hash = |seed, edge: &Edge| Edge::hash(seed, edge.parent, edge.byte);
        Trie { edges: Slots::new(&self.edges, hash), nodes: self.nodes.into(), labels: self.labels.into() }
    }

    fn reserve(&mut self) -> usize {
        self.nodes.push(Node { start: 0, length: 0, value: NONE, has_edges: false });
        self.nodes.len() - 1
    }

    /// Fills the span's node and puts a span on the stack for each byte that goes on from it.
    fn place(
        &mut self,
        keys: &[(&[u8], u32)],
        span: &Span,
        spans: &mut Vec<Span>,
        on_nested: &mut impl FnMut(u32, u32),
    ) {
        let Some([(first, first_value), rest @ ..]) = keys.get(span.keys.clone()) else { return };
        let last = rest.last().map_or(*first, |(last, _)| *last);
        let tail = first.get(span.depth..).unwrap_or_default();
        let shared = tail.iter().zip(last.iter().skip(span.depth)).take_while(|(a, b)| a == b).count();
        let depth = span.depth + shared;
        let (mut start, mut value) = (span.keys.start, span.above);
        if first.len() == depth {
            on_nested(*first_value, span.above);
            (start, value) = (start + 1, *first_value);
        }
        let node = Node {
            start: self.labels.len() as u32,
            length: shared as u32,
            value,
            has_edges: start < span.keys.end,
        };
        self.labels.extend_from_slice(tail.get(..shared).unwrap_or_default());
        if let Some(place) = self.nodes.get_mut(span.node) {
            *place = node;
        }
        while let Some(left) = keys.get(start..span.keys.end)
            && let Some(byte) = left.first().and_then(|(key, _)| key.get(depth))
        {
            let end = start + left.partition_point(|(key, _)| key.get(depth) == Some(byte));
            let child = self.reserve();
            self.edges.push(Edge { parent: span.node as u32, child: child as u32, byte: *byte });
            spans.push(Span { keys: start..end, depth: depth + 1, node: child, above: value });
            start = end;
        }
    }
}

#[cfg(test)]
mod tests;
