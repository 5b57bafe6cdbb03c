//! Configurations of other software, which become the document when they are read.

mod cluster;
mod listen;
mod native;
mod places;
mod pools;
mod prefix;

pub(crate) use cluster::{Cluster, ClusterFile};
pub(crate) use native::document;
pub(crate) use places::Places;
pub(crate) use prefix::{is_normal, starting_with};

use crate::{
    Document,
    nearest::nearest,
    read::ReadError,
    report::Report,
    tree::{NodeId, Tree},
};

/// The key that holds all of the clustered proxy's configuration.
pub(crate) const SERVER: &str = "server";

/// Whether a file is one of the clustered proxy.
pub(crate) fn is_cluster(tree: &Tree) -> bool {
    tree.get(Tree::ROOT, SERVER).is_some()
}

/// Keys of the native document that stand beside `server`, with their values.
pub(crate) fn native_keys(tree: &Tree) -> Vec<(&str, NodeId)> {
    let entries = tree.entries(Tree::ROOT).iter();
    let named = entries.filter_map(|(key, value)| Some((tree.text(*key)?, *value)));
    named.filter(|(key, _)| Document::has_key(key)).collect()
}

/// The longest part of a name that comes from what the file says, in bytes.
const NAME_MAX: usize = 200;

/// The beginning of a text that can be a name.
fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(NAME_MAX)).unwrap_or(text).trim_end()
}

/// Reports that a file is both, if it is.
pub(crate) fn refuse_mixture(tree: &Tree, native: &[(&str, NodeId)], report: &mut Report<'_>) {
    let Some(server) = tree.get(Tree::ROOT, SERVER).filter(|_| !native.is_empty()) else { return };
    let keys: Vec<_> = native.iter().map(|(key, _)| format!("`{key}`")).collect();
    let message = format!(
        "`server` is the whole configuration of the clustered proxy; {} cannot stand beside it",
        keys.join(", ")
    );
    let hint = "remove one of the two, or write `listeners`, `upstreams` and `routes` instead of `server`";
    report.add(server, message, Some(hint.into()));
}

/// Gives the hint to who has mistyped `server`, which is no key of the native document.
pub(crate) fn suggest(tree: &Tree, errors: &mut [(NodeId, ReadError)]) {
    for (id, error) in errors {
        let is_key = tree.key(*id) == Some(*id) && tree.above(*id) == Some(Tree::ROOT);
        if is_key && tree.text(*id).is_some_and(|key| nearest(key, [SERVER]).is_some()) {
            error.hint = Some(format!("did you mean `{SERVER}`?"));
        }
    }
}
