//! Figures.

use std::time::{Instant, SystemTime};

use metrics::{Point, Scope};

use super::ask::Ask;
use super::refusal;
use super::reply::Reply;
use super::{routes, shown};
use crate::Problem;
use crate::dto::{RouteStats, Stats};

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
        stats: Stats::of(&ask.figures(Scope::Route(&route.id))),
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
    let stats = Stats::of(&ask.figures(scope));
    if !ask.query.flag("history") {
        return Reply::written(&stats);
    }
    let tracker = ask.api.settings.tracker.as_ref();
    let points = tracker.and_then(|tracker| tracker.history(scope)).unwrap_or_default();
    let (now, today) = (Instant::now(), SystemTime::now());
    // The clock of the day is asked once, so that points are as far apart as they were.
    let at = |point: &Point| today.checked_sub(now.saturating_duration_since(point.at)).unwrap_or(today);
    let history = points.iter().map(|point| (at(point), point.figures)).collect();
    Reply::written(&stats.with_history(history))
}
