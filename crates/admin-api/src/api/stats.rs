//! Figures.

use super::ask::Ask;
use super::refusal;
use super::reply::Reply;
use super::{routes, shown};
use crate::Problem;
use crate::dto::{RouteStats, Stats};
use crate::sources::{Figures, Scope};

pub(super) fn all(ask: &Ask) -> Result<Reply, Problem> {
    Ok(told(ask, Scope::All))
}

pub(super) fn of_route(ask: &Ask) -> Result<Reply, Problem> {
    let key = routes::find(ask)?;
    Ok(told(ask, Scope::Route(&key.id)))
}

pub(super) fn of_routes(ask: &Ask) -> Result<Reply, Problem> {
    let view = ask.view();
    let routes = view.loaded.document.routes.iter();
    let told = routes.map(|route| RouteStats {
        id: route.id.clone(),
        v_host: route.v_host.to_string(),
        stats: Stats::of(&figures(ask, Scope::Route(&route.id))),
    });
    Ok(Reply::written(&told.collect::<Vec<_>>()))
}

pub(super) fn of_upstream(ask: &Ask) -> Result<Reply, Problem> {
    let name = ask.segment("upstream");
    let view = ask.view();
    shown::upstream(&view, name).ok_or_else(|| refusal::missing("upstream", name))?;
    Ok(told(ask, Scope::Upstream(name)))
}

pub(super) fn of_backend(ask: &Ask) -> Result<Reply, Problem> {
    let (name, id) = (ask.segment("upstream"), ask.segment("backend"));
    let view = ask.view();
    let upstream = shown::upstream(&view, name).ok_or_else(|| refusal::missing("upstream", name))?;
    if !upstream.all_backends().iter().any(|backend| backend.id == id) {
        return Err(refusal::missing("backend", id));
    }
    Ok(told(ask, Scope::Backend { upstream: name, id }))
}

fn told(ask: &Ask, scope: Scope<'_>) -> Reply {
    let stats = Stats::of(&figures(ask, scope));
    if !ask.query.flag("history") {
        return Reply::written(&stats);
    }
    let source = ask.api.settings.stats.as_ref();
    let points = source.map(|source| source.history(scope)).unwrap_or_default();
    Reply::written(&stats.with_history(&points))
}

/// Zeros where nothing is known.
fn figures(ask: &Ask, scope: Scope<'_>) -> Figures {
    let source = ask.api.settings.stats.as_ref();
    source.and_then(|source| source.figures(scope)).unwrap_or_default()
}
