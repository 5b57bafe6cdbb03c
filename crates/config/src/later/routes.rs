//! What routes ask for and do not get yet.

use super::{Found, upstreams};
use crate::{Priority, Route, RouteAuth, report::At};

pub(super) fn check(route: &Route, at: At<'_>, found: &mut Found<'_>) {
    let several = route.upstreams.len() > 1;
    if let Some(at) = at.get("upstreams").filter(|_| several) {
        let message = "weights of several upstreams are not built into this version of proxyd";
        found.say(at, message.into(), "name one upstream");
    }
    if let Some(strategy) = &route.strategy {
        upstreams::strategy(strategy, at, found);
    }
    let unlimited = "remove it; requests of a route are not limited";
    found.note(route.req_active_length.is_some(), at, "reqActiveLength", unlimited);
    found.note(route.req_queue_length.is_some(), at, "reqQueueLength", unlimited);
    found.note(route.queue_timeout.is_some(), at, "queueTimeout", "remove it");
    found.note(route.priority != Priority::Normal, at, "priority", "remove it");
    found.note(route.auto_https, at, "autoHttps", "remove it, or redirect to HTTPS in front of proxyd");
    let credentials = "remove it, or check credentials in front of proxyd";
    found.note(route.auth != RouteAuth::Off, at, "auth", credentials);
    found.note(route.auth_provider.is_some(), at, "authProvider", credentials);
    found.note(
        route.rate_limit.is_some(),
        at,
        "rateLimit",
        "remove it, or limit the rate in front of proxyd",
    );
    found.note(route.ssl.is_some(), at, "ssl", "remove it, and end TLS in front of proxyd");
}
