//! Queues: they need a limit to wait for.

use super::useless;
use crate::{
    Limit, Upstream,
    report::{At, Report},
};

/// The queue of an upstream.
pub(super) fn of_upstream(upstream: &Upstream, at: At<'_>, report: &mut Report<'_>) {
    let is_wrong = at.get("maxRequests").is_some_and(|limit| report.is_touched(limit));
    if upstream.max_requests == Limit::Off && !is_wrong {
        queue(["queueLength", "queueTimeout", "queueOrder"], "maxRequests", at, report);
    }
}

/// The queue of a route.
pub(super) fn of_route(at: At<'_>, report: &mut Report<'_>) {
    if at.get("reqActiveLength").is_none() {
        queue(["reqQueueLength", "queueTimeout", "queueOrder"], "reqActiveLength", at, report);
    }
}

fn queue(keys: [&str; 3], limit: &str, at: At<'_>, report: &mut Report<'_>) {
    let reason = format!("does nothing without `{limit}`: nobody waits");
    let hint = format!("write `{limit}`, or remove it");
    useless::check(keys, at, &reason, &hint, report);
}
