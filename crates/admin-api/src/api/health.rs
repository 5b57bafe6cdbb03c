//! How the process is.

use std::time::SystemTime;

use config::Kind;
use http::StatusCode;

use super::ask::Ask;
use super::moment;
use super::reply::Reply;
use crate::Problem;
use crate::dto::{Checks, Health, Live, Pending, Ready};

const UP: &str = "UP";
const DOWN: &str = "DOWN";

pub(super) fn health(ask: &Ask) -> Result<Reply, Problem> {
    let view = ask.view();
    let count = |kind| u64::try_from(view.of_kind(kind).count()).unwrap_or(u64::MAX);
    let pending = ask.api.documents.pending();
    Ok(Reply::written(&Health {
        status: upstreams(ask),
        revision: view.revision,
        pending: pending.as_deref().and_then(Pending::of),
        version: ask.api.settings.version.clone(),
        uptime_seconds: ask.api.began.elapsed().as_secs(),
        connections: ask.connections(),
        routes: count(Kind::Route),
        upstreams: count(Kind::Upstream),
    }))
}

pub(super) fn live(_: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::written(&Live { status: UP, timestamp: moment::with_millis(SystemTime::now()) }))
}

pub(super) fn ready(ask: &Ask) -> Result<Reply, Problem> {
    let status = upstreams(ask);
    let reply = Reply::written(&Ready { status, checks: Checks { config: UP, upstreams: status } });
    Ok(if status == UP { reply } else { reply.status(StatusCode::SERVICE_UNAVAILABLE) })
}

/// `DOWN` where there are backends, and all of them are dead.
fn upstreams(ask: &Ask) -> &'static str {
    let view = ask.view();
    let document = &view.loaded.document;
    let named = document.upstreams.iter().map(|upstream| upstream.name.clone());
    let inline = document.routes.iter().filter(|route| !route.backends.is_empty());
    let inline = inline.filter_map(|route| route.upstream_name());
    let mut has_backends = false;
    for name in named.chain(inline) {
        let backends = ask.control().backends(&name);
        if backends.iter().any(|backend| !backend.outage.is_death()) {
            return UP;
        }
        has_backends |= !backends.is_empty();
    }
    if has_backends { DOWN } else { UP }
}
