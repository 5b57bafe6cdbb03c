//! Hints for keys that stand where they do not belong.

use crate::{
    read::ReadError,
    tree::{NodeId, Tree},
};

/// Gives the hint to who writes at a route what an upstream has.
pub(crate) fn suggest(tree: &Tree, errors: &mut [(NodeId, ReadError)]) {
    for (id, error) in errors {
        let Some(key @ ("hash" | "sticky" | "boundedLoad")) = tree.text(*id) else { continue };
        let path = tree.path(*id);
        let route = path.strip_suffix(key).and_then(|path| path.strip_suffix("]."));
        let index = route.and_then(|path| path.strip_prefix("routes["));
        if tree.key(*id) == Some(*id) && index.is_some_and(|index| index.parse::<usize>().is_ok()) {
            let hint = format!("upstreams have `{key}`: name one with these backends under `upstream`");
            error.hint = Some(hint);
        }
    }
}
