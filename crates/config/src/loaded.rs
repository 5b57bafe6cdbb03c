//! A document without errors, and where each of its values comes from.

mod assemble;
mod change;
mod merged;

pub(crate) use merged::Merged;

use crate::{
    Document, Kind, Problem, later,
    object::{ClusterText, Object},
    source::{Place, Source},
    tree::{Step, Tree, is_alike, step},
    warnings,
};
use std::{fmt, sync::Arc};

/// A document without errors, the objects that it consists of, and the place of each of its values. Cheap to clone.
#[derive(Clone)]
pub struct Loaded {
    /// What the objects say, in native form whatever the file's own.
    pub document: Document,
    /// Sections, certificates, upstreams, routes, each kind in the order of the document.
    objects: Vec<Object>,
    base: Base,
}

/// What stands around the objects.
#[derive(Clone)]
enum Base {
    /// A native file.
    File(Arc<Source>, Arc<Tree>),
    /// A file of the clustered proxy.
    Cluster(ClusterText),
    /// No file, but something that is called so.
    Nothing(Arc<str>),
}

/// Shows the document alone: the text may hold secrets.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("document", &self.document).finish_non_exhaustive()
    }
}

impl Loaded {
    pub(crate) fn of_file(document: Document, source: Source, tree: Tree) -> Self {
        let (source, tree) = (Arc::new(source), Arc::new(tree));
        let objects = crate::object::of_native(&document, &source, &tree);
        Self { document, objects, base: Base::File(source, tree) }
    }

    pub(crate) fn of_cluster(document: Document, file: ClusterText) -> Self {
        let objects = crate::object::of_cluster(&document, &file);
        Self { document, objects, base: Base::Cluster(file) }
    }

    /// The name of the file, as it was given; of a document that is no file's, what its first object is called.
    pub fn file(&self) -> &str {
        self.base.name()
    }

    /// The objects that it consists of: sections, certificates, upstreams, routes, each kind in the order of the document.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Where a value is, by its path (`routes[2].upstream`); `None` where no file has it. In a file of the clustered proxy,
    /// this is the place of what the value was made from.
    pub fn place(&self, path: &str) -> Option<Place> {
        match self.find(path) {
            Some(found) => found.object.place(found.inside),
            None => self.base.place(path),
        }
    }

    /// A problem that a later stage has with a value, at its place. Of a value that is not written, the place is that of
    /// what would hold it.
    pub fn problem(&self, path: &str, message: impl Into<String>, hint: Option<String>) -> Problem {
        let mut problem = match self.find(path) {
            Some(found) => found.object.problem(&found.prefix, found.inside, message),
            None => self.base.problem(path, message),
        };
        problem.hint = hint;
        problem
    }

    /// What is allowed but can hardly be meant, as it does nothing or cannot work, each with its place.
    pub fn warnings(&self) -> Vec<Problem> {
        warnings::warnings(self)
    }

    /// Each key whose feature is not built into this version, with a sentence that says so.
    pub fn not_built(&self) -> Vec<Problem> {
        later::not_built(self)
    }

    /// The objects of a kind.
    fn of_kind(&self, kind: Kind) -> &[Object] {
        let start = self.objects.partition_point(|object| object.key().kind < kind);
        let end = self.objects.partition_point(|object| object.key().kind <= kind);
        self.objects.get(start..end).unwrap_or_default()
    }

    /// The object that a path leads into.
    fn find<'p>(&self, path: &'p str) -> Option<Found<'_, 'p>> {
        let (Step::Key(name), rest) = step(path)? else { return None };
        let kind = Kind::ALL.into_iter().find(|kind| kind.list().is_some_and(|list| is_alike(list, name)));
        if let Some(kind) = kind {
            let (Step::Item(index), inside) = step(rest)? else { return None };
            let prefix = format!("{}[{index}]", kind.list().unwrap_or_default());
            return Some(Found { object: self.of_kind(kind).get(index)?, prefix, inside });
        }
        let mut sections = self.of_kind(Kind::Section).iter();
        let object = sections.find(|object| is_alike(&object.key().id, name))?;
        Some(Found { object, prefix: object.key().id.clone(), inside: rest })
    }
}

/// The object that a path leads into.
struct Found<'l, 'p> {
    object: &'l Object,
    /// The path of the object.
    prefix: String,
    /// The path inside it.
    inside: &'p str,
}

impl Base {
    /// Of documents that are put together: the first file's, or else a name.
    fn of(objects: &[Object]) -> Self {
        if let Some(file) = objects.iter().find_map(Object::cluster_file) {
            return Self::Cluster(file.clone());
        }
        match objects.iter().find_map(Object::native_file) {
            Some((source, tree)) => Self::File(Arc::clone(source), Arc::clone(tree)),
            None => Self::Nothing(objects.first().map_or("the configuration", Object::origin_name).into()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::File(source, _) => &source.name,
            Self::Cluster(file) => &file.source.name,
            Self::Nothing(name) => name,
        }
    }

    fn place(&self, path: &str) -> Option<Place> {
        match self {
            Self::File(_, tree) => is_around(path).then(|| tree.find(path).map(|id| tree.spot(id).place))?,
            Self::Cluster(file) => {
                let (id, _, is_exact) = file.find_nearest(path);
                is_exact.then(|| file.tree.spot(id).place)
            }
            Self::Nothing(_) => None,
        }
    }

    fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        match self {
            Self::File(source, tree) => {
                let around = if is_around(path) { path } else { list_of(path) };
                let (id, is_exact) = tree.find_nearest(around);
                let shown = if is_exact && around == path { tree.path(id) } else { path.into() };
                Problem::at(source, tree.spot(id), shown, message)
            }
            Self::Cluster(file) => file.problem(path, message),
            Self::Nothing(name) => Problem { path: path.into(), ..Problem::of_file(name, message) },
        }
    }
}

/// Whether a path leads to the whole document or to a list of objects, rather than into an object.
fn is_around(path: &str) -> bool {
    list_of(path) == path
}

/// The list of objects that a path starts with.
fn list_of(path: &str) -> &str {
    let name = path.split(['.', '[']).next().unwrap_or_default();
    let is_list = Kind::ALL.into_iter().any(|kind| kind.list().is_some_and(|list| is_alike(list, name)));
    if is_list { name } else { "" }
}
