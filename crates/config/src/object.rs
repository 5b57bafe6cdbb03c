//! One object of a document, as somebody wrote it.

mod foreign;
mod json;
mod split;

pub(crate) use split::{of_cluster, of_native};

use crate::{
    Key, Kind, Problem,
    dialect::Places,
    source::{Place, Source},
    tree::{NodeId, Tree, Value, joined},
};
use std::{fmt, sync::Arc};

/// One object of a document as somebody wrote it. Cheap to clone.
#[derive(Clone)]
pub struct Object(Arc<Inner>);

struct Inner {
    key: Key,
    /// What it stands in: the object itself below the key that it has in a document.
    tree: Arc<Tree>,
    root: NodeId,
    origin: Origin,
}

/// Where an object comes from.
enum Origin {
    /// From a native file, which is its tree.
    File(Arc<Source>),
    /// From a file of the clustered proxy.
    Cluster { file: ClusterText, at: String },
    /// From JSON that is called so.
    Json(String),
}

/// A file of the clustered proxy, and how the document's paths lead into it.
#[derive(Clone)]
pub(crate) struct ClusterText {
    pub(crate) source: Arc<Source>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) places: Arc<Places>,
}

impl ClusterText {
    /// The node at a path of the document, or the nearest one above it, the path in the file, and whether it is the node itself.
    pub(crate) fn find_nearest(&self, path: &str) -> (NodeId, String, bool) {
        let path = self.places.in_file(path);
        let (id, is_exact) = self.tree.find_nearest(&path);
        (id, if is_exact { self.tree.path(id) } else { path.into_owned() }, is_exact)
    }

    /// A problem of the value at a path of the document.
    pub(crate) fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        let (id, path, _) = self.find_nearest(path);
        Problem::at(&self.source, self.tree.spot(id), path, message)
    }
}

impl Object {
    fn new(key: Key, tree: Arc<Tree>, root: NodeId, origin: Origin) -> Self {
        Self(Arc::new(Inner { key, tree, root, origin }))
    }

    /// True where the other one is a clone of this one.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What it is known by.
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// The file that it stands in, and where; `None` where it comes from elsewhere.
    pub fn file(&self) -> Option<(&str, Place)> {
        let (source, spot) = match &self.0.origin {
            Origin::File(source) => {
                let shown = self.tree().key(self.0.root).unwrap_or(self.0.root);
                (source, self.tree().spot(shown))
            }
            Origin::Cluster { file, at } => (&file.source, file.tree.spot(file.find_nearest(at).0)),
            Origin::Json(_) => return None,
        };
        Some((&source.name, spot.place))
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.0.tree
    }

    /// Whether it is `null`, as a key without a value.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(&self.tree().node(self.0.root).value, Value::Scalar(scalar) if scalar.is_null())
    }

    pub(crate) fn root(&self) -> NodeId {
        self.0.root
    }

    /// The text at a path inside it.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.tree().text(self.find(path)?)
    }

    pub(crate) fn find(&self, path: &str) -> Option<NodeId> {
        self.tree().find_from(self.0.root, path)
    }

    /// What its origin is called.
    pub(crate) fn origin_name(&self) -> &str {
        match &self.0.origin {
            Origin::File(source) => &source.name,
            Origin::Cluster { file, .. } => &file.source.name,
            Origin::Json(named) => named,
        }
    }

    /// The native file that it stands in.
    pub(crate) fn native_file(&self) -> Option<(&Arc<Source>, &Arc<Tree>)> {
        match &self.0.origin {
            Origin::File(source) => Some((source, &self.0.tree)),
            _ => None,
        }
    }

    /// The file of the clustered proxy that it was made from.
    pub(crate) fn cluster_file(&self) -> Option<&ClusterText> {
        match &self.0.origin {
            Origin::Cluster { file, .. } => Some(file),
            _ => None,
        }
    }

    /// Where the value at a path inside it stands.
    pub(crate) fn place(&self, path: &str) -> Option<Place> {
        match &self.0.origin {
            Origin::File(_) => self.find(path).map(|id| self.tree().spot(id).place),
            Origin::Cluster { file, at } => {
                let (id, _, is_exact) = file.find_nearest(&joined(at, path));
                is_exact.then(|| file.tree.spot(id).place)
            }
            Origin::Json(_) => None,
        }
    }

    /// A problem of the value at a path inside it; `prefix` is the path of the object in the document.
    pub(crate) fn problem(&self, prefix: &str, path: &str, message: impl Into<String>) -> Problem {
        let (id, is_exact) = self.tree().find_nearest_from(self.0.root, path);
        let inside = if is_exact { self.tree().path_from(self.0.root, id) } else { path.into() };
        let whole = joined(prefix, &inside);
        let mut problem = match &self.0.origin {
            Origin::File(source) => Problem::at(source, self.tree().spot(id), whole, message),
            Origin::Cluster { file, at } => file.problem(&joined(at, &inside), message),
            Origin::Json(named) => Problem { path: whole, ..Problem::of_file(named, message) },
        };
        problem.object = Some((self.key().clone(), inside));
        problem
    }

    /// The key that its id stands under; `None` for sections.
    pub(crate) fn id_key(kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Section => None,
            Kind::Upstream => Some("name"),
            Kind::Certificate | Kind::Route => Some("id"),
        }
    }
}

/// The key alone: what it says may hold secrets.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Object").field(&self.0.key).finish()
    }
}

#[cfg(test)]
mod tests;
