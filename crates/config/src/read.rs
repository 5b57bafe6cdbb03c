//! From the tree to the document, with every error on the way.

mod entries;
mod error;
mod items;
mod key;
mod value;

pub(crate) use error::ReadError;

use crate::tree::{NodeId, Tree};
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};

/// The most errors that one run reports.
pub(crate) const ERRORS_MAX: usize = 100;

/// What of the tree is read.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Nodes that are left out since they are wrong.
    broken: HashSet<NodeId>,
    /// Lists and maps of which only what stands from here on is still to be looked at.
    from: HashMap<NodeId, usize>,
}

impl View {
    /// Leaves a node out.
    pub(crate) fn leave_out(&mut self, id: NodeId) {
        self.broken.insert(id);
    }

    /// Whether a node is left out.
    pub(crate) fn is_broken(&self, id: NodeId) -> bool {
        self.broken.contains(&id)
    }

    fn start(&self, id: NodeId) -> usize {
        self.from.get(&id).copied().unwrap_or(0)
    }

    /// Notes that all which stands before a node has been read without an error: serde reads in the order of the file.
    fn skip_before(&mut self, tree: &Tree, id: NodeId) {
        let mut at = id;
        while let Some(above) = tree.above(at) {
            let index = match tree.key(at) {
                Some(_) => tree.entries(above).iter().position(|(_, value)| *value == at),
                None => tree.items(above).iter().position(|item| *item == at),
            };
            self.from.insert(above, index.unwrap_or(0));
            at = above;
        }
    }
}

/// Reads a whole file, and all that is wrong with it: serde stops at the first error, so what is wrong is left out and
/// the rest read again, from there on. What is left after that is what was read.
pub(crate) fn read<T>(tree: &Tree, view: &mut View) -> (T, Vec<(NodeId, ReadError)>)
where
    T: DeserializeOwned + Default,
{
    let mut errors = Vec::new();
    while errors.len() < ERRORS_MAX {
        let Err(error) = T::deserialize(value::Reader::new(tree, view, Tree::ROOT)) else { break };
        let (at, left_out) = (error.at(), error.left_out());
        view.skip_before(tree, left_out);
        view.leave_out(left_out);
        errors.push((at, error));
        if left_out == Tree::ROOT {
            return (T::default(), errors);
        }
    }
    view.from.clear();
    let read = T::deserialize(value::Reader::new(tree, view, Tree::ROOT));
    (read.unwrap_or_default(), errors)
}
