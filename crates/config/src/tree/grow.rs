//! Trees that are put together from others.

use super::{Node, NodeId, Scalar, Slot, Tree, Value};
use crate::source::Spot;

impl Tree {
    /// A tree that is an empty map.
    pub(crate) fn of_a_map() -> Self {
        let mut tree = Self::empty();
        tree.push(Value::Map(Vec::new()), Spot::NOWHERE);
        tree
    }

    /// A scalar that hangs nowhere yet and has no place.
    pub(super) fn push_scalar(&mut self, text: &str, plain: bool) -> NodeId {
        let scalar = Scalar { text: text.into(), plain, expanded: false };
        self.push(Value::Scalar(scalar), Spot::NOWHERE)
    }

    /// An empty list that hangs nowhere yet.
    pub(crate) fn push_list(&mut self) -> NodeId {
        self.push(Value::List(Vec::new()), Spot::NOWHERE)
    }

    /// A key that hangs nowhere yet.
    pub(crate) fn push_key(&mut self, text: &str, spot: Spot) -> NodeId {
        let id = self.push_scalar(text, false);
        if let Some(node) = self.node_mut(id) {
            node.spot = spot;
        }
        id
    }

    /// Hangs a value into a map, behind what it has.
    pub(crate) fn put_entry(&mut self, map: NodeId, key: NodeId, value: NodeId) {
        self.hang(key, map, Slot::Key(key));
        self.hang(value, map, Slot::Key(key));
        if let Some(Node { value: Value::Map(entries), .. }) = self.node_mut(map) {
            entries.push((key, value));
        }
    }

    /// Hangs a value into a list, behind what it has.
    pub(crate) fn put_item(&mut self, list: NodeId, item: NodeId) {
        let index = u32::try_from(self.items(list).len()).unwrap_or(u32::MAX);
        self.hang(item, list, Slot::Item(index));
        if let Some(Node { value: Value::List(items), .. }) = self.node_mut(list) {
            items.push(item);
        }
    }

    /// Sees to it that a map has a text under a key. Gives what it has there in its place.
    pub(crate) fn set_default(&mut self, map: NodeId, key: &str, text: &str) -> Option<NodeId> {
        let Some(id) = self.get(map, key) else {
            self.put_first(map, key, text);
            return None;
        };
        let Some(Node { value: Value::Scalar(scalar), .. }) = self.node_mut(id) else { return Some(id) };
        if scalar.is_null() || scalar.text.is_empty() {
            scalar.text = text.into();
            scalar.plain = false;
        }
        (*scalar.text != *text).then_some(id)
    }

    /// Puts the keys of a map into an order.
    pub(crate) fn order(&mut self, map: NodeId, rank: impl Fn(&str) -> usize) {
        let mut entries = self.entries(map).to_vec();
        entries.sort_by_key(|(key, _)| self.text(*key).map(&rank));
        if let Some(node) = self.node_mut(map) {
            node.value = Value::Map(entries);
        }
    }

    /// A scalar under a key of a map, in front of what it has.
    fn put_first(&mut self, map: NodeId, key: &str, text: &str) {
        let (key, value) = (self.push_scalar(key, false), self.push_scalar(text, false));
        self.put_entry(map, key, value);
        if let Some(Node { value: Value::Map(entries), .. }) = self.node_mut(map) {
            entries.rotate_right(1);
        }
    }

    /// A copy of a node of another tree and of all below it; it hangs nowhere yet.
    pub(crate) fn graft(&mut self, from: &Self, id: NodeId) -> NodeId {
        let node = from.node(id);
        match &node.value {
            Value::Scalar(scalar) => self.push(Value::Scalar(scalar.clone()), node.spot),
            Value::List(items) => {
                let list = self.push(Value::List(Vec::with_capacity(items.len())), node.spot);
                for item in items {
                    let item = self.graft(from, *item);
                    self.put_item(list, item);
                }
                list
            }
            Value::Map(entries) => {
                let map = self.push(Value::Map(Vec::with_capacity(entries.len() + 1)), node.spot);
                for (key, value) in entries {
                    let (key, value) = (self.graft(from, *key), self.graft(from, *value));
                    self.put_entry(map, key, value);
                }
                map
            }
        }
    }

    fn hang(&mut self, id: NodeId, above: NodeId, slot: Slot) {
        if let Some(node) = self.node_mut(id) {
            node.above = Some(above);
            node.slot = slot;
        }
    }
}
