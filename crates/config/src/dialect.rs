//! Configurations of other software.

use crate::tree::{NodeId, Tree};

/// What to do about a dialect that is not read.
pub(crate) const HINT: &str = "write `listeners`, `upstreams` and `routes` instead";

/// The value that shows a dialect which is not read yet, and what to say about it.
pub(crate) fn foreign(tree: &Tree) -> Option<(NodeId, &'static str)> {
    let server = tree.get(Tree::ROOT, "server")?;
    let message = "`server` starts the configuration of the clustered proxy, which is not supported yet";
    Some((server, message))
}
