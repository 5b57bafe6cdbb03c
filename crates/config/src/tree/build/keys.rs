//! The keys of maps: none comes twice, `<<` merges, and each node learns where it hangs.

use crate::{
    problem::Problem,
    source::Source,
    tree::{NodeId, Slot, Tree, Value},
};
use std::collections::{HashMap, VecDeque};

/// Walks the whole tree from the root.
pub(super) fn hang(tree: &mut Tree, source: &Source, problems: &mut Vec<Problem>) {
    let mut waiting = vec![Tree::ROOT];
    while let Some(id) = waiting.pop() {
        for (index, item) in (0..).zip(tree.items(id).to_vec()) {
            set_above(tree, item, id, Slot::Item(index));
            waiting.push(item);
        }
        if matches!(&tree.node(id).value, Value::Map(_)) {
            let entries =
                Keys { tree, source, problems, id, kept: Vec::new(), merged: VecDeque::new() }.settle();
            waiting.extend(entries.iter().map(|(_, value)| *value));
            if let Some(node) = tree.node_mut(id) {
                node.value = Value::Map(entries);
            }
        }
    }
}

fn set_above(tree: &mut Tree, id: NodeId, above: NodeId, slot: Slot) {
    if let Some(node) = tree.node_mut(id) {
        node.above = Some(above);
        node.slot = slot;
    }
}

/// One map whose keys are being settled.
struct Keys<'t> {
    tree: &'t mut Tree,
    source: &'t Source,
    problems: &'t mut Vec<Problem>,
    id: NodeId,
    kept: Vec<(NodeId, NodeId)>,
    /// Maps that `<<` names and that are still to be joined.
    merged: VecDeque<NodeId>,
}

impl Keys<'_> {
    fn settle(mut self) -> Vec<(NodeId, NodeId)> {
        let mut seen: HashMap<String, NodeId> = HashMap::new();
        for (key, value) in self.tree.entries(self.id).to_vec() {
            if self.is_merge(key) {
                self.merge(key, value);
                continue;
            }
            self.hang(key, value);
            let Some(name) = self.tree.text(key).map(String::from) else {
                self.report(key, "a key must be text", None);
                continue;
            };
            match seen.get(&name) {
                Some(first) => {
                    let line = self.tree.node(*first).spot.place.line;
                    let hint = format!("the first one is in line {line}; remove one of them");
                    self.report(key, format!("`{name}` is given twice"), Some(hint));
                }
                None => {
                    seen.insert(name, key);
                    self.kept.push((key, value));
                }
            }
        }
        // What the map itself says wins, then what is merged first.
        while let Some(map) = self.merged.pop_front() {
            for (key, value) in self.tree.entries(map).to_vec() {
                if self.is_merge(key) {
                    self.merge(key, value);
                } else if let Some(name) = self.tree.text(key).map(String::from)
                    && !seen.contains_key(&name)
                {
                    self.hang(key, value);
                    seen.insert(name, key);
                    self.kept.push((key, value));
                }
            }
        }
        self.kept
    }

    fn hang(&mut self, key: NodeId, value: NodeId) {
        set_above(self.tree, key, self.id, Slot::Key(key));
        set_above(self.tree, value, self.id, Slot::Key(key));
    }

    fn is_merge(&self, key: NodeId) -> bool {
        matches!(&self.tree.node(key).value, Value::Scalar(scalar) if scalar.plain && &*scalar.text == "<<")
    }

    fn merge(&mut self, key: NodeId, value: NodeId) {
        let maps = match &self.tree.node(value).value {
            Value::Map(_) => vec![value],
            Value::List(items) => items.clone(),
            Value::Scalar(_) => Vec::new(),
        };
        let all_maps = maps.iter().all(|map| matches!(self.tree.node(*map).value, Value::Map(_)));
        if maps.is_empty() || !all_maps {
            self.hang(key, value);
            self.report(key, "`<<` merges a map, or a list of maps", None);
        } else {
            self.merged.extend(maps);
        }
    }

    fn report(&mut self, key: NodeId, message: impl Into<String>, hint: Option<String>) {
        let path = self.tree.path(key);
        let mut problem = Problem::at(self.source, self.tree.node(key).spot, path, message);
        problem.hint = hint;
        self.problems.push(problem);
    }
}
