//! Where problems are gathered while a document is checked.

use crate::{
    Key, Kind, Object,
    dialect::SERVER,
    loaded::Merged,
    problem::{Errors, Problem},
    read::{ERRORS_MAX, ReadError, View},
    source::Source,
    tree::{NodeId, Tree, Value},
};
use std::{collections::HashSet, iter};

/// A node of the tree that is being checked.
#[derive(Clone, Copy)]
pub(crate) struct At<'t> {
    pub(crate) tree: &'t Tree,
    view: &'t View,
    pub(crate) id: NodeId,
}

impl<'t> At<'t> {
    pub(crate) fn root(tree: &'t Tree, view: &'t View) -> Self {
        Self { tree, view, id: Tree::ROOT }
    }

    /// Another node of the same tree.
    pub(crate) fn other(self, id: NodeId) -> Self {
        Self { id, ..self }
    }

    /// The value under a key, also one that was left out for an error; `null` is none.
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        let id = self.tree.get(self.id, key)?;
        let null = matches!(&self.tree.node(id).value, Value::Scalar(scalar) if scalar.is_null());
        (!null).then_some(Self { id, ..self })
    }

    /// The value under a key, or the node itself, which is where a missing key is reported.
    pub(crate) fn key(self, key: &str) -> Self {
        self.get(key).unwrap_or(self)
    }

    /// The items of a list in the order and number in which the document has them.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let items = self.tree.items(self.id).iter().copied();
        items.filter(move |id| !self.view.is_broken(*id)).map(move |id| Self { id, ..self })
    }

    /// The keys of a map with their values, without those that were left out.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Self, Self)> {
        let entries = self.tree.entries(self.id).iter().copied();
        let whole = entries.filter(move |(_, id)| !self.view.is_broken(*id));
        whole.map(move |(key, value)| (Self { id: key, ..self }, Self { id: value, ..self }))
    }

    /// Where it stands, for a hint that names it: `in line 3`, or its path.
    pub(crate) fn whereabouts(self) -> String {
        match self.tree.spot(self.id) {
            spot if spot.is_known() => format!("in line {}", spot.place.line),
            _ => format!("`{}`", self.tree.path(self.id)),
        }
    }

    /// The text that stands here.
    pub(crate) fn text(self) -> Option<&'t str> {
        self.tree.text(self.id)
    }
}

/// What a tree was made from.
#[derive(Clone, Copy)]
pub(crate) enum Ground<'t> {
    /// One text.
    Text(&'t Source),
    /// Objects of any origin.
    Objects(&'t Merged<'t>),
}

/// The problems so far.
pub(crate) struct Report<'t> {
    ground: Ground<'t>,
    tree: &'t Tree,
    problems: Vec<Problem>,
    /// Nodes with a problem, and all above them.
    touched: HashSet<NodeId>,
}

impl<'t> Report<'t> {
    pub(crate) fn new(ground: Ground<'t>, tree: &'t Tree, problems: Vec<Problem>) -> Self {
        Self { ground, tree, problems, touched: HashSet::new() }
    }

    /// Whether no further problem is reported: more would help nobody.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.len() >= ERRORS_MAX
    }

    /// Reports a problem of a node.
    pub(crate) fn add(&mut self, id: NodeId, message: impl Into<String>, hint: Option<String>) {
        if self.is_full() {
            return;
        }
        let mut problem = match self.ground {
            Ground::Text(source) => of_text(source, self.tree, id, message),
            Ground::Objects(merged) => merged.problem(id, message),
        };
        problem.hint = hint;
        self.problems.push(problem);
        let mut at = Some(id);
        while let Some(id) = at {
            self.touched.insert(id);
            at = self.tree.above(id);
        }
    }

    /// Reports what could not be read.
    pub(crate) fn add_all(&mut self, errors: Vec<(NodeId, ReadError)>) {
        for (id, error) in errors {
            self.add(id, error.message, error.hint);
        }
    }

    /// What was read, if nothing is wrong with it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn settle<T>(self, read: T) -> Result<T, Errors> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems.into()) }
    }

    /// Whether a node or something below it has a problem already, so that a general statement about the whole of it
    /// would only repeat that.
    pub(crate) fn is_touched(&self, at: At<'_>) -> bool {
        self.touched.contains(&at.id)
    }
}

/// A problem of a node of a text. It names its object where that has an id.
fn of_text(source: &Source, tree: &Tree, id: NodeId, message: impl Into<String>) -> Problem {
    let mut problem = Problem::at(source, tree.spot(id), tree.path(id), message);
    problem.object = object(tree, id);
    problem
}

/// The object that a node belongs to, and the path inside it.
fn object(tree: &Tree, id: NodeId) -> Option<(Key, String)> {
    let mut trail: Vec<_> = iter::successors(Some(id), |id| tree.above(*id)).collect();
    // The document itself is nobody's.
    trail.pop()?;
    let top = trail.pop()?;
    let name = tree.text(tree.key(top)?)?;
    if name == SERVER {
        return None;
    }
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.list() == Some(name)) else {
        return Some((Key::new(Kind::Section, name), tree.path_from(top, id)));
    };
    let item = trail.pop()?;
    let written = tree.get(item, Object::id_key(kind)?)?;
    let written = tree.text(written).filter(|text| !text.is_empty())?;
    Some((Key::new(kind, written), tree.path_from(item, id)))
}
