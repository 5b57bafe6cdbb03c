//! Values that are a path or PEM: certificates, keys, authorities.

use crate::{
    document::is_pem,
    report::{At, Report},
};

/// What a PEM text has to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Certificate,
    Key,
}

/// Checks certificates: the path of a file, or PEM without a key, which would be shown with them.
pub(super) fn certificates(at: At<'_>, report: &mut Report<'_>) {
    form(at, Kind::Certificate, report);
}

/// Checks the paths of files with lists of revoked certificates.
pub(super) fn crls(at: At<'_>, report: &mut Report<'_>) {
    for at in at.get("crls").into_iter().flat_map(At::items) {
        match at.text() {
            Some("") => report.add(at.id, "the path of a file is missing", None),
            Some(text) if is_pem(text) => {
                let hint = "write it into a file, and name that";
                report.add(at.id, "lists of revoked certificates are read from files", Some(hint.into()));
            }
            _ => {}
        }
    }
}

/// Checks `cert` with its `key` or `keyFile`; `at` is the map that holds them, `what` is what it is.
pub(super) fn pair(at: At<'_>, what: &str, report: &mut Report<'_>) {
    let key = at.get("key");
    if let Some(key) = key.filter(|key| !report.is_touched(*key)) {
        form(key, Kind::Key, report);
    }
    let Some(cert) = at.get("cert") else {
        if !report.is_touched(at) {
            let hint = "name a file with the chain, or write it as PEM";
            report.add(at.id, format!("{what} needs a `cert`"), Some(hint.into()));
        }
        return;
    };
    if report.is_touched(cert) {
        return;
    }
    certificates(cert, report);
    // A file may hold both.
    if key.is_none()
        && at.get("keyFile").is_none()
        && cert.text().is_some_and(is_pem)
        && !report.is_touched(at)
    {
        let hint = "name a file with the key, or write it as PEM";
        report.add(at.id, format!("{what} needs a `key`"), Some(hint.into()));
    }
}

fn form(at: At<'_>, kind: Kind, report: &mut Report<'_>) {
    let text = at.text().unwrap_or_default();
    let has_key = text.contains("PRIVATE KEY-----");
    let (message, hint) = if text.is_empty() {
        ("the path of a file is missing", "name a file, or write PEM")
    } else if !is_pem(text) {
        if !text.contains(char::is_control) {
            return;
        }
        ("this is neither the path of a file nor PEM", "PEM begins with `-----BEGIN`")
    } else {
        match kind {
            Kind::Key if has_key => return,
            Kind::Key => ("this PEM has no private key", "its first line is `-----BEGIN PRIVATE KEY-----`"),
            Kind::Certificate if has_key => (
                "this PEM has a private key, and certificates alone belong here",
                "remove it; the key of a certificate belongs under `key`",
            ),
            Kind::Certificate if text.contains("CERTIFICATE-----") => return,
            Kind::Certificate => {
                ("this PEM has no certificate", "its first line is `-----BEGIN CERTIFICATE-----`")
            }
        }
    };
    report.add(at.id, message, Some(hint.into()));
}
