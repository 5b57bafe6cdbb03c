//! What upstreams ask for and do not get yet.

use super::Found;
use crate::{StrategyName, Upstream, Url, report::At};

/// The strategies that are built; those that an embedder registers are not known here.
const BUILT: [&str; 2] = ["ROUND_ROBIN", "RANDOM"];

pub(super) fn check(upstream: &Upstream, at: At<'_>, found: &mut Found<'_>) {
    if let (Some(Url::Https { .. }), Some(url)) = (&upstream.url, at.get("url")) {
        let message = "TLS to backends (`https://`) is not built into this version of proxyd";
        found.say(url, message.into(), "use http://, over a network that you trust");
    }
    strategy(&upstream.strategy, at, found);
    let probed = upstream.health_check.is_some();
    found.note(
        probed,
        at,
        "healthCheck",
        "remove it; a backend that refuses a connection is probed until it is back",
    );
    let breaker = upstream.circuit_breaker.as_ref().is_some_and(|breaker| breaker.enabled);
    found.note(breaker, at, "circuitBreaker", "remove it, or write `enabled: false`");
    found.note(upstream.tls.is_some(), at, "tls", "remove it");
}

/// Notes a strategy that the format names and nobody has built.
pub(super) fn strategy(name: &StrategyName, at: At<'_>, found: &mut Found<'_>) {
    let waits = StrategyName::KNOWN.contains(&&**name) && !BUILT.contains(&&**name);
    if let Some(at) = at.get("strategy").filter(|_| waits) {
        let message = format!("the strategy `{name}` is not built into this version of proxyd");
        found.say(at, message, "use ROUND_ROBIN or RANDOM");
    }
}
