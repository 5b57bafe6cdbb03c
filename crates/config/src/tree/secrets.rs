//! Where secrets stand in the text, so that no snippet shows them.

use super::{NodeId, Tree, Value};
use crate::source::Spot;
use std::iter;

/// Keys of secrets, and the nearest keys above, of which one must be there.
const SECRETS: [(&str, &[&str]); 5] = [
    ("hash", &["tokens"]),
    ("key", &["certificates", "tls", "ssl", "keys", "externalAccount"]),
    ("secret", &["auth", "sticky", "upstreamsSticky"]),
    ("url", &["redis"]),
    ("backup", &["redis"]),
];

impl Tree {
    /// Where each secret stands.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = Spot> {
        let all = iter::zip(0.., &self.nodes).map(|(index, node)| (NodeId(index), node));
        all.filter(|(id, node)| matches!(node.value, Value::Scalar(_)) && self.is_secret(*id))
            .map(|(_, node)| node.spot)
    }

    /// Whether a scalar is a secret, by where it stands or by what it says.
    pub(crate) fn is_secret(&self, id: NodeId) -> bool {
        // A key where none belongs is one all the same; so is one whose lines the text has in other words.
        if self.text(id).is_some_and(|text| text.contains("PRIVATE KEY-----")) {
            return true;
        }
        let Some(key) = self.key(id).filter(|key| *key != id) else { return false };
        let key = self.text(key).unwrap_or_default();
        // A password in a URL where none belongs is one all the same.
        if matches!(key, "url" | "directory" | "ask") && self.text(id).is_some_and(|url| url.contains('@')) {
            return true;
        }
        self.is_place_of_secret(id)
    }

    /// Whether a secret belongs here.
    pub(crate) fn is_place_of_secret(&self, id: NodeId) -> bool {
        let Some(key) = self.key(id).filter(|key| *key != id) else { return false };
        let key = self.text(key).unwrap_or_default();
        let Some((_, holders)) = SECRETS.into_iter().find(|(secret, _)| *secret == key) else { return false };
        self.holder(id).is_some_and(|name| holders.contains(&name))
    }

    /// The nearest key above the one that a node stands under.
    pub(crate) fn holder(&self, id: NodeId) -> Option<&str> {
        let above = iter::successors(self.above(id), |id| self.above(*id));
        above.filter_map(|id| self.text(self.key(id)?)).next()
    }
}
