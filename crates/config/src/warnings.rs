//! What is allowed but can hardly be meant.

use crate::{Document, Loaded, Problem, UnknownName};

/// What of the document does nothing, or cannot work, in the order of the file.
pub(crate) fn warnings(loaded: &Loaded) -> Vec<Problem> {
    let mut warnings = Warnings { loaded, problems: Vec::new() };
    let document = &loaded.document;
    if !document.has_tls() {
        without_tls(document, &mut warnings);
    }
    certificates(document, &mut warnings);
    if let Some(acme) = &document.acme
        && acme.domains.is_empty()
        && acme.on_demand.is_none()
        && !document.routes.iter().any(|route| route.auto_https)
    {
        let hint = "list `domains`, or write `autoHttps: true` on routes";
        warnings.add("acme", "there is no name that certificates are got for", hint);
    }
    warnings.problems.sort_by_key(|problem| problem.place);
    warnings.problems
}

struct Warnings<'l> {
    loaded: &'l Loaded,
    problems: Vec<Problem>,
}

impl Warnings<'_> {
    fn add(&mut self, path: &str, message: &str, hint: &str) {
        self.problems.push(self.loaded.problem(path, message, Some(hint.into())));
    }
}

/// What waits for a listener with `tls`.
fn without_tls(document: &Document, warnings: &mut Warnings<'_>) {
    let hint = "add `tls` to a listener";
    for (key, is_there) in
        [("certificates", !document.certificates.is_empty()), ("acme", document.acme.is_some())]
    {
        if is_there {
            warnings.add(key, &format!("`{key}` serves nobody: no listener has `tls`"), hint);
        }
    }
    for (index, _) in document.routes.iter().enumerate().filter(|(_, route)| route.ssl.is_some()) {
        let path = format!("routes[{index}].ssl");
        warnings.add(&path, "`ssl` serves nobody: no listener has `tls`", hint);
    }
}

/// Listeners whose handshakes fail for want of a certificate.
fn certificates(document: &Document, warnings: &mut Warnings<'_>) {
    let has_written =
        !document.certificates.is_empty() || document.routes.iter().any(|route| route.ssl.is_some());
    for (index, listener) in document.listeners.iter().enumerate() {
        let Some(tls) = &listener.tls else { continue };
        let path = format!("listeners[{index}].tls");
        if !has_written && document.acme.is_none() {
            let hint = "list some in `certificates`, give a route `ssl`, or use `acme`";
            warnings.add(&path, "no certificate is configured, so that handshakes fail", hint);
        } else if tls.unknown_name == UnknownName::Default && !has_written {
            let hint = "list one in `certificates`";
            let path = format!("{path}.unknownName");
            warnings.add(
                &path,
                "there is no certificate that is the default: unknown names are refused",
                hint,
            );
        }
    }
}
