//! What is allowed but can hardly be meant.

use crate::{
    Document, Problem, UnknownName,
    report::{self, At},
    source::Source,
};

/// What of the document does nothing, or is not safe, in the order of the file.
pub(crate) fn warnings(document: &Document, at: At<'_>, source: &Source) -> Vec<Problem> {
    let mut warnings = Warnings { source, problems: Vec::new() };
    if !document.has_tls() {
        without_tls(document, at, &mut warnings);
    }
    certificates(document, at, &mut warnings);
    if let Some(acme) = at.get("acme").filter(|_| document.has_tls()) {
        let on_demand = document.acme.as_ref().is_some_and(|acme| acme.on_demand.is_some());
        if !on_demand && document.acme_domains().is_empty() {
            let hint = "list `domains`, or give a route with `autoHttps` a `vHost` without wildcards";
            warnings.add(acme, "there is no name that certificates are got for", hint);
        }
    }
    for (upstream, at) in document.upstreams.iter().zip(at.key("upstreams").items()) {
        let Some(tls) = upstream.tls.as_ref().filter(|tls| tls.insecure_skip_verify) else { continue };
        // With pins, who has the key is known all the same.
        if let Some(at) =
            at.get("tls").and_then(|at| at.get("insecureSkipVerify")).filter(|_| tls.pins.is_empty())
        {
            let message = "whoever is between proxyd and the backends can read and change everything";
            warnings.add(
                at,
                message,
                "name the authority of their certificates in `ca`, or their keys in `pins`",
            );
        }
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
        if let Some(at) = at.get("autoHttps").filter(|_| route.auto_https) {
            let message = "clients are sent to HTTPS, and no listener here has `tls`";
            let hint = "add `tls` to a listener, or leave it if TLS ends elsewhere";
            warnings.add(at, message, hint);
        }
        if let Some(at) = at.get("ssl").filter(|_| route.ssl.is_some()) {
            warnings.add(at, "`ssl` serves nobody: no listener has `tls`", hint);
        }
    }
}

/// Listeners whose handshakes fail for want of a certificate.
fn certificates(document: &Document, at: At<'_>, warnings: &mut Warnings<'_>) {
    let has_any = !document.certificates.is_empty()
        || document.acme.is_some()
        || document.routes.iter().any(|route| route.ssl.is_some());
    for (listener, at) in document.listeners.iter().zip(at.key("listeners").items()) {
        let Some(tls) = &listener.tls else { continue };
        if !has_any {
            let hint = "list some in `certificates`, give a route `ssl`, or use `acme`";
            warnings.add(at.key("tls"), "no certificate is configured, so that handshakes fail", hint);
        } else if tls.unknown_name == UnknownName::Default && document.certificates.is_empty() {
            let hint = "list one in `certificates`";
            let at = at.key("tls").key("unknownName");
            warnings.add(at, "there is no certificate that is the default: unknown names are refused", hint);
        }
    }
}
