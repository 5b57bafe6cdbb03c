//! What is allowed but can hardly be meant.

use crate::{
    Document, Problem, UnknownName,
    report::{self, At},
    source::Source,
};

/// What of the document does nothing, or cannot work, in the order of the file.
pub(crate) fn warnings(document: &Document, at: At<'_>, source: &Source) -> Vec<Problem> {
    let mut warnings = Warnings { source, problems: Vec::new() };
    if !document.has_tls() {
        without_tls(document, at, &mut warnings);
    }
    certificates(document, at, &mut warnings);
    if let Some(acme) = &document.acme
        && acme.domains.is_empty()
        && acme.on_demand.is_none()
        && !document.routes.iter().any(|route| route.auto_https)
    {
        let hint = "list `domains`, or write `autoHttps: true` on routes";
        warnings.add(at.key("acme"), "there is no name that certificates are got for", hint);
    }
    warnings.problems.sort_by_key(|problem| problem.place);
    warnings.problems
}

struct Warnings<'s> {
    source: &'s Source,
    problems: Vec<Problem>,
}

impl Warnings<'_> {
    fn add(&mut self, at: At<'_>, message: &str, hint: &str) {
        let problem = report::problem(self.source, at.tree, at.id, message, Some(hint.into()));
        self.problems.push(problem);
    }
}

/// What waits for a listener with `tls`.
fn without_tls(document: &Document, at: At<'_>, warnings: &mut Warnings<'_>) {
    let hint = "add `tls` to a listener";
    for key in ["certificates", "acme"] {
        if let Some(at) = at.get(key).filter(|_| key == "acme" || !document.certificates.is_empty()) {
            warnings.add(at, &format!("`{key}` serves nobody: no listener has `tls`"), hint);
        }
    }
    for (route, at) in document.routes.iter().zip(at.key("routes").items()) {
        if let Some(at) = at.get("ssl").filter(|_| route.ssl.is_some()) {
            warnings.add(at, "`ssl` serves nobody: no listener has `tls`", hint);
        }
    }
}

/// Listeners whose handshakes fail for want of a certificate.
fn certificates(document: &Document, at: At<'_>, warnings: &mut Warnings<'_>) {
    let has_written =
        !document.certificates.is_empty() || document.routes.iter().any(|route| route.ssl.is_some());
    for (listener, at) in document.listeners.iter().zip(at.key("listeners").items()) {
        let Some(tls) = &listener.tls else { continue };
        if !has_written && document.acme.is_none() {
            let hint = "list some in `certificates`, give a route `ssl`, or use `acme`";
            warnings.add(at.key("tls"), "no certificate is configured, so that handshakes fail", hint);
        } else if tls.unknown_name == UnknownName::Default && !has_written {
            let hint = "list one in `certificates`";
            let at = at.key("tls").key("unknownName");
            warnings.add(at, "there is no certificate that is the default: unknown names are refused", hint);
        }
    }
}
