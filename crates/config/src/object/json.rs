//! Objects from JSON, and as JSON.

use super::{Object, Origin, foreign};
use crate::{
    Errors, Key, Kind, Problem, Secret,
    secret::is_marker,
    tree::{NodeId, Tree},
};
use serde_json::Value;
use std::sync::Arc;

/// Keys that answers of the API have, and that are nothing of an object's own.
const ANSWERED: [&str; 2] = ["source", "shadows"];
/// The same of backends.
const ANSWERED_OF_BACKENDS: [&str; 3] = ["isDead", "deadSince", "failureCount"];

impl Object {
    /// An object that a stranger sent. Values are taken as they are: no `${VAR}`. `unseal` gives the secret of a marker; a
    /// marker is taken where a secret belongs, and nowhere else, so that none can be had shown elsewhere. `named` is what errors
    /// call the text.
    ///
    /// # Errors
    /// An id that is not the key's, markers that are unknown or stand where no secret belongs, and files: who sends something
    /// has no say in which files of this machine are read. What else is wrong, [`Loaded::assemble`](crate::Loaded::assemble)
    /// and [`Loaded::with`](crate::Loaded::with) say.
    pub fn from_json(
        key: Key,
        value: &Value,
        named: &str,
        unseal: &dyn Fn(&str) -> Option<Secret>,
    ) -> Result<Self, Errors> {
        read(key, value, named, unseal, false)
    }

    /// What [`to_json`](Self::to_json) gave, of any object: it may name files, and markers count wherever they stand. For text
    /// that nobody else can have written.
    ///
    /// # Errors
    /// An id that is not the key's, and markers that are unknown.
    pub fn from_kept(
        key: Key,
        value: &Value,
        named: &str,
        unseal: &dyn Fn(&str) -> Option<Secret>,
    ) -> Result<Self, Errors> {
        read(key, value, named, unseal, true)
    }

    /// As written, without what is left out and what only answers of the API have, the id always there, and each secret replaced
    /// by what `seal` gives: `secret:` and 32 hexadecimal digits in lower case. A text that looks like that is sealed, too.
    pub fn to_json(&self, seal: &mut dyn FnMut(&Secret) -> String) -> Value {
        let (tree, root) = (self.tree(), self.root());
        let mut json = tree.json(root, seal, &|key| self.is_answered(key));
        if let (Value::Object(map), Some(id_key)) = (&mut json, Self::id_key(self.key().kind)) {
            map.insert(id_key.into(), self.key().id.clone().into());
        }
        json
    }

    /// Whether a key is one that only answers of the API have.
    fn is_answered(&self, key: NodeId) -> bool {
        let (tree, root) = (self.tree(), self.root());
        if self.key().kind == Kind::Section {
            return false;
        }
        let Some(name) = tree.text(key) else { return false };
        let Some(map) = tree.above(key) else { return false };
        if map == root {
            return ANSWERED.contains(&name);
        }
        let list = tree.above(map).filter(|list| tree.above(*list) == Some(root));
        let is_backend = list.and_then(|list| tree.text(tree.key(list)?)) == Some("backends");
        is_backend && ANSWERED_OF_BACKENDS.contains(&name)
    }
}

fn read(
    key: Key,
    value: &Value,
    named: &str,
    unseal: &dyn Fn(&str) -> Option<Secret>,
    is_trusted: bool,
) -> Result<Object, Errors> {
    let wrong = |message: &str| {
        let mut problem = Problem::of_file(named, message);
        problem.object = Some((key.clone(), String::new()));
        Errors::from(problem)
    };
    if key.id.is_empty() {
        return Err(wrong(&format!("the id of a {} is empty", key.kind)));
    }
    if key.kind == Kind::Section && Kind::ALL.into_iter().any(|kind| kind.list() == Some(&key.id)) {
        return Err(wrong(&format!("`{key}` lists objects, and is none")));
    }
    let mut tree = Tree::of_a_map();
    let Some(root) = hang(&mut tree, &key, value) else {
        return Err(wrong("lists and maps are too deep in each other"));
    };
    let mut findings = Findings { key: &key, named, root, problems: Vec::new() };
    id(&mut tree, &mut findings);
    let texts = unsealed(&tree, unseal, is_trusted, &mut findings);
    tree.set_texts(texts);
    if !is_trusted {
        foreign::check(&tree, &mut findings);
    }
    let problems = findings.problems;
    if problems.is_empty() {
        Ok(Object::new(key, Arc::new(tree), root, Origin::Json(named.into())))
    } else {
        Err(problems.into())
    }
}

/// Puts a value where an object of this key stands in a document.
pub(super) fn hang(tree: &mut Tree, key: &Key, value: &Value) -> Option<NodeId> {
    let root = tree.push_json(value)?;
    let name = tree.push_key(key.kind.list().unwrap_or(&key.id), crate::source::Spot::NOWHERE);
    if key.kind == Kind::Section {
        tree.put_entry(Tree::ROOT, name, root);
    } else {
        let list = tree.push_list();
        tree.put_item(list, root);
        tree.put_entry(Tree::ROOT, name, list);
    }
    Some(root)
}

/// What is wrong with an object from JSON.
pub(super) struct Findings<'k> {
    key: &'k Key,
    named: &'k str,
    root: NodeId,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    pub(super) fn add(&mut self, tree: &Tree, id: NodeId, message: impl Into<String>, hint: Option<&str>) {
        let path = tree.path_from(self.root, id);
        let mut problem = Problem::of_file(self.named, message);
        problem.path.clone_from(&path);
        problem.hint = hint.map(Into::into);
        problem.object = Some((self.key.clone(), path));
        self.problems.push(problem);
    }
}

/// Sees to it that an object has its id.
fn id(tree: &mut Tree, findings: &mut Findings<'_>) {
    let Some(id_key) = Object::id_key(findings.key.kind) else { return };
    // What is no text is reported when the object is read.
    if let Some(id) =
        tree.set_default(findings.root, id_key, &findings.key.id).filter(|id| tree.text(*id).is_some())
    {
        let message = format!("the `{id_key}` of `{}` cannot be another one", findings.key);
        findings.add(tree, id, message, Some("make another object, and remove this one"));
    }
}

/// The texts of secrets whose markers stand in a tree.
fn unsealed(
    tree: &Tree,
    unseal: &dyn Fn(&str) -> Option<Secret>,
    is_trusted: bool,
    findings: &mut Findings<'_>,
) -> Vec<(NodeId, Secret)> {
    let mut texts = Vec::new();
    for id in tree.scalars() {
        let Some(marker) = tree.text(id).filter(|text| is_marker(text)) else { continue };
        if !is_trusted && !tree.is_place_of_secret(id) {
            let message = "this stands for a secret, and no secret belongs here";
            findings.add(tree, id, message, Some("write what is meant"));
        } else if let Some(secret) = unseal(marker) {
            texts.push((id, secret));
        } else {
            let hint = "send the secret itself";
            findings.add(tree, id, "this stands for a secret that is not known", Some(hint));
        }
    }
    texts
}
