//! Backends of one pool: each can be reached, and no id comes twice.

use super::names::Names;
use crate::{
    Backend,
    report::{At, Report},
};

/// Checks the backends of a pool and gives ids to those that have none; `at` is the list.
pub(super) fn check(backends: &mut [Backend], at: At<'_>, report: &mut Report<'_>) {
    let mut ids = Names::default();
    for (backend, at) in backends.iter_mut().zip(at.items()) {
        address(backend, at, report);
        if let Some(priority) = at.get("priority").filter(|_| backend.backup && backend.priority != 0) {
            let hint = "a backup comes behind all priorities; remove one of them";
            let message = "a backend has either a `priority` or `backup: true`";
            report.add(priority.id, message, Some(hint.into()));
        }
        if let Some(id) = at.get("id").filter(|_| !backend.id.is_empty()) {
            ids.claim(&backend.id, "backend id", id, report);
        }
    }
    for backend in backends.iter_mut().filter(|backend| backend.id.is_empty()) {
        backend.id = ids.fresh(&backend.default_id());
    }
}

fn address(backend: &Backend, at: At<'_>, report: &mut Report<'_>) {
    let Some(hostname) = at.get("hostname") else {
        if !report.is_touched(at) {
            report.add(at.id, "a backend needs a `hostname`", None);
        }
        return;
    };
    if report.is_touched(hostname) {
        return;
    }
    if let Err(message) = backend.address() {
        report.add(hostname.id, message, None);
    } else if backend.hostname.starts_with("unix:")
        && let Some(port) = at.get("port")
    {
        report.add(port.id, "a Unix socket has no port", Some("remove `port`".into()));
    }
}
