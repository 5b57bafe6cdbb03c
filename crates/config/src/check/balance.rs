//! How an upstream chooses: what its strategy hashes, and who stays with whom.

mod sticky;

pub(super) use sticky::check as check_sticky;

use super::useless;
use crate::{
    HashKey, HashOn, Limit, StrategyName, Upstream,
    fields::is_token,
    report::{At, Report},
};

pub(super) fn check(upstream: &Upstream, at: At<'_>, report: &mut Report<'_>) {
    if !at.get("strategy").is_some_and(|strategy| report.is_touched(strategy)) {
        hashing(upstream, at, report);
    }
    if let (Some(key), Some(at)) = (&upstream.hash, at.get("hash")) {
        hash_key(key, at, report);
    }
    if let (Some(sticky), Some(at)) = (&upstream.sticky, at.get("sticky")) {
        check_sticky(sticky, at, report);
    }
}

/// Which strategies hash, and what.
fn hashing(upstream: &Upstream, at: At<'_>, report: &mut Report<'_>) {
    let strategy: &str = &upstream.strategy;
    let hash = at.get("hash");
    if strategy == "HASH" && hash.is_none() {
        let hint = "write `hash: { on: header, name: X-User }`, or on clientIp, cookie, uri, path or query";
        report.add(at.key("strategy").id, "the strategy HASH needs a `hash`", Some(hint.into()));
    }
    // What an embedder registers may hash.
    if let Some(hash) = hash.filter(|_| strategy != "HASH" && StrategyName::KNOWN.contains(&strategy)) {
        let hint = match strategy {
            "IP_HASH" => "IP_HASH hashes the client's address; for something else, write `strategy: HASH`",
            _ => "write `strategy: HASH`, or remove it",
        };
        let message = format!("`hash` does nothing with the strategy {strategy}");
        report.add(hash.id, message, Some(hint.into()));
    }
    if upstream.bounded_load != Limit::Off && !["HASH", "IP_HASH"].contains(&strategy) {
        let reason = format!("does nothing with the strategy {strategy}");
        let hint = "write `strategy: IP_HASH` or `HASH`, or remove it";
        useless::check(["boundedLoad"], at, &reason, hint, report);
    }
}

fn hash_key(key: &HashKey, at: At<'_>, report: &mut Report<'_>) {
    let Some(on) = at.get("on") else {
        let hint = "write one of clientIp, header, cookie, uri, path and query";
        report.add(at.id, "a `hash` needs an `on`", Some(hint.into()));
        return;
    };
    if report.is_touched(on) {
        return;
    }
    let what = match key.on {
        HashOn::Header => "field",
        HashOn::Cookie => "cookie",
        HashOn::Query => "query parameter",
        HashOn::ClientIp | HashOn::Uri | HashOn::Path => {
            if let Some(name) = at.get("name") {
                let hint = "remove it; header, cookie and query have one";
                report.add(name.id, "what is hashed here has no name", Some(hint.into()));
            }
            return;
        }
    };
    match (&key.name, at.get("name")) {
        (None, None) => {
            let message = format!("a `hash` on a {what} needs its `name`");
            report.add(at.id, message, None);
        }
        (Some(name), Some(at)) if name.is_empty() => {
            report.add(at.id, format!("the name of a {what} is missing"), None);
        }
        (Some(name), Some(at)) if key.on != HashOn::Query && !is_token(name) => {
            let message = format!("`{}` is not the name of a {what}", name.escape_debug());
            report.add(at.id, message, None);
        }
        _ => {}
    }
}
