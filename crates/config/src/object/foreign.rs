//! What an object that a stranger sent cannot say: which files of this machine are read.

use super::json::Findings;
use crate::{
    document::is_pem,
    tree::{NodeId, Tree},
};

/// Keys that name a file with a secret.
const FILES: [&str; 6] = ["keyFile", "urlFile", "hashFile", "secretFile", "backupFile", "ticketKeys"];

/// Keys of a path or PEM, and the nearest keys above of which one is there then.
const PEM: [(&str, &[&str]); 4] = [
    ("cert", &["certificates", "tls", "ssl"]),
    ("key", &["certificates", "tls", "ssl"]),
    ("ca", &["clientAuth", "tls", "acme"]),
    ("clientCa", &["tls"]),
];

/// Maps whose keys are names that people choose.
const FREE: [&str; 4] = ["headers", "set", "add", "query"];

/// Reports every value that is the path of a file.
pub(super) fn check(tree: &Tree, findings: &mut Findings<'_>) {
    for id in tree.scalars() {
        // A list of paths is what its key says.
        let is_item = tree.key(id).is_none();
        let named = if is_item { tree.above(id).unwrap_or(id) } else { id };
        let Some(key) = tree.key(named).and_then(|key| tree.text(key)) else { continue };
        let holder = tree.holder(named).unwrap_or_default();
        if FREE.contains(&holder) {
            continue;
        }
        if FILES.contains(&key) || key == "crls" {
            report(tree, id, findings);
        } else if let Some((_, holders)) = PEM.into_iter().find(|(pem, _)| *pem == key)
            && holders.contains(&holder)
            && tree.text(id).is_some_and(|text| !text.is_empty() && !is_pem(text))
        {
            report(tree, id, findings);
        }
    }
}

fn report(tree: &Tree, id: NodeId, findings: &mut Findings<'_>) {
    let message = "files of the proxy's machine can be named in its own file alone";
    findings.add(
        tree,
        id,
        message,
        Some("send what is in the file: a secret as it is, a certificate as PEM"),
    );
}
