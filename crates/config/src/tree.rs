//! The text as a tree of nodes, each of which knows its place and its path.

mod build;
mod expand;
mod grow;
mod json;
mod path;
mod secrets;

pub(crate) use build::{TEXT_MAX, build};
pub(crate) use expand::expand;
pub use path::pointer;
pub(crate) use path::{Step, is_alike, joined, step, steps};

use crate::source::{Place, Spot};
use zeroize::ZeroizeOnDrop;

/// A node's number in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(u32);

/// Everything that a text says.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) spot: Spot,
    above: Option<NodeId>,
    slot: Slot,
}

/// Where a node hangs in the one above.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Root,
    Item(u32),
    /// Under this key, which is a node too.
    Key(NodeId),
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<NodeId>),
    Map(Vec<(NodeId, NodeId)>),
}

/// A text, a number, or nothing. It may be a secret.
#[derive(Clone, Debug, ZeroizeOnDrop)]
pub(crate) struct Scalar {
    pub(crate) text: Box<str>,
    /// Without quotes, so that it can be a number, `true` or nothing.
    pub(crate) plain: bool,
    /// Came from a variable, so that quotes around it say nothing about its type.
    pub(crate) expanded: bool,
}

impl Scalar {
    pub(crate) fn is_null(&self) -> bool {
        self.plain && !self.expanded && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }
}

/// What the reader sees where nothing is: an empty map.
static NOTHING: Node = Node {
    value: Value::Map(Vec::new()),
    spot: Spot { place: Place { line: 1, column: 1 }, end: Place { line: 1, column: 2 } },
    above: None,
    slot: Slot::Root,
};

impl Tree {
    pub(crate) const ROOT: NodeId = NodeId(0);

    fn empty() -> Self {
        Self { nodes: Vec::new() }
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&NOTHING)
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.0 as usize)
    }

    fn push(&mut self, value: Value, spot: Spot) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { value, spot, above: None, slot: Slot::Root });
        id
    }

    /// The node that holds this one.
    pub(crate) fn above(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).above
    }

    /// The text of a scalar.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The keys of a map with their values, or nothing.
    pub(crate) fn entries(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.node(id).value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list, or nothing.
    pub(crate) fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The value under a key of a map.
    pub(crate) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        let entry = self.entries(id).iter().find(|(name, _)| self.text(*name) == Some(key));
        entry.map(|(_, value)| *value)
    }

    /// Where a node is shown: a list or a map under a key is shown at its key, since it spans lines of its own.
    pub(crate) fn spot(&self, id: NodeId) -> Spot {
        let node = self.node(id);
        match (&node.value, node.slot) {
            (Value::List(_) | Value::Map(_), Slot::Key(key)) => self.node(key).spot,
            _ => node.spot,
        }
    }

    /// The key that a node stands under.
    pub(crate) fn key(&self, id: NodeId) -> Option<NodeId> {
        match self.node(id).slot {
            Slot::Key(key) => Some(key),
            _ => None,
        }
    }
}
