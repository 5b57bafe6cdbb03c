//! Objects as the one tree that is read and checked.

use crate::{
    Document, Errors, Key, Kind, Problem,
    check::{self, Outside},
    dialect,
    load::Surroundings,
    object::Object,
    read::{self, View},
    report::{At, Ground, Report},
    source::Spot,
    tree::{NodeId, Tree},
};
use std::collections::{HashMap, HashSet};

use super::Base;

/// Objects as the one tree that is read and checked.
pub(crate) struct Merged<'o> {
    tree: Tree,
    /// Each object's own node, and the key of a section.
    roots: HashMap<NodeId, &'o Object>,
    base: &'o Base,
}

impl<'o> Merged<'o> {
    /// Objects in the order of the document.
    pub(super) fn new(objects: impl IntoIterator<Item = &'o Object>, base: &'o Base) -> Self {
        let mut merged = Self { tree: Tree::of_a_map(), roots: HashMap::new(), base };
        let mut lists = HashMap::new();
        for object in objects {
            let root = merged.tree.graft(object.tree(), object.root());
            merged.roots.insert(root, object);
            match object.key().kind.list() {
                None => merged.put_section(object, root),
                Some(list) => {
                    merged.name(object, root);
                    let list = *lists.entry(list).or_insert_with(|| put_list(&mut merged.tree, list, object));
                    merged.tree.put_item(list, root);
                }
            }
        }
        merged
    }

    fn put_section(&mut self, object: &'o Object, root: NodeId) {
        let spot = object.tree().key(object.root()).map(|key| object.tree().spot(key));
        let key = self.tree.push_key(&object.key().id, spot.unwrap_or(Spot::NOWHERE));
        self.roots.insert(key, object);
        self.tree.put_entry(Tree::ROOT, key, root);
    }

    /// Sees to it that an object has its id: that of a file's may be derived from its place among others.
    fn name(&mut self, object: &Object, root: NodeId) {
        if let Some(id_key) = Object::id_key(object.key().kind) {
            self.tree.set_default(root, id_key, &object.key().id);
        }
    }

    /// Reads and checks it. Secrets in files are read for objects that `is_fresh` says are new.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(super) fn read(
        &self,
        surroundings: &Surroundings<'_>,
        is_fresh: &dyn Fn(&Key) -> bool,
    ) -> Result<Document, Errors> {
        let mut view = View::default();
        let (mut document, mut errors) = read::read::<Document>(&self.tree, &mut view);
        dialect::suggest(&self.tree, &mut errors);
        check::suggest(&self.tree, &mut errors);
        let mut report = Report::new(Ground::Objects(self), &self.tree, Vec::new());
        report.add_all(errors);
        let is_fresh = |id| self.owner(id).is_none_or(|(_, object)| is_fresh(object.key()));
        let outside = Outside { surroundings, is_fresh: &is_fresh };
        check::check(&mut document, At::root(&self.tree, &view), &outside, &mut report);
        report.settle(document)
    }

    /// A problem of a node.
    pub(crate) fn problem(&self, id: NodeId, message: impl Into<String>) -> Problem {
        let path = self.tree.path(id);
        let Some((root, object)) = self.owner(id) else { return self.base.problem(&path, message) };
        let inside = self.tree.path_from(root, id);
        let prefix = path.strip_suffix(&inside).unwrap_or(&path).trim_end_matches('.');
        let mut problem = object.problem(prefix, &inside, message);
        // The key of a value that is wrong itself has a place, too.
        let spot = self.tree.spot(id);
        if let (Some((source, _)), true) = (object.native_file(), spot.is_known()) {
            let at = Problem::at(source, spot, path, String::new());
            (problem.place, problem.snippet, problem.path) = (at.place, at.snippet, at.path);
        }
        problem
    }

    /// The object that a node belongs to, and where it begins.
    fn owner(&self, id: NodeId) -> Option<(NodeId, &'o Object)> {
        let mut at = Some(id);
        while let Some(id) = at {
            if let Some(object) = self.roots.get(&id) {
                return Some((id, object));
            }
            at = self.tree.above(id);
        }
        None
    }
}

fn put_list(tree: &mut Tree, name: &str, first: &Object) -> NodeId {
    let list = tree.push_list();
    let from = first.tree();
    let key = from.above(first.root()).and_then(|list| from.key(list));
    let key = tree.push_key(name, key.map_or(Spot::NOWHERE, |key| from.spot(key)));
    tree.put_entry(Tree::ROOT, key, list);
    list
}

/// Keys that come twice among objects.
pub(super) fn twice(objects: &[Object]) -> Option<&Key> {
    let mut seen = HashSet::new();
    objects.iter().map(Object::key).find(|key| key.kind == Kind::Section && !seen.insert(*key))
}
