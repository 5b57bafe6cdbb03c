//! Several upstreams of one route, and requests that are sent twice.

use config::{Hedge, Mirror, Route};
use proxy_core::spec::{Action, HedgeSpec, MirrorSpec};

use crate::compile::settings::percentage;
use crate::compile::upstream::sticky;

/// The action of a route whose requests several upstreams share; `None` for others. A single upstream is forwarded to
/// as if it were named alone, unless clients get a cookie that is to hold once there are more.
pub(super) fn split(route: &Route) -> Option<Action> {
    let is_shared = route.upstreams.len() > 1 || route.upstreams_sticky.is_some();
    is_shared.then(|| Action::Split {
        upstreams: route.upstreams.iter().map(|share| (share.name.clone(), share.weight)).collect(),
        sticky: route.upstreams_sticky.as_ref().map(sticky),
        fallback: route.fallback.clone(),
    })
}

/// The named upstreams that a route makes use of.
pub(super) fn names(route: &Route) -> impl Iterator<Item = &str> {
    let shares = route.upstreams.iter().map(|share| share.name.as_str());
    let mirror = route.mirror.as_ref().map(|mirror| mirror.upstream.as_str());
    shares.chain(route.upstream.as_deref()).chain(route.fallback.as_deref()).chain(mirror)
}

pub(super) fn mirror(written: &Mirror) -> MirrorSpec {
    let mut mirror = MirrorSpec::to(written.upstream.clone());
    mirror.share = written.percent / 100.0;
    mirror.max_body = usize::try_from(written.max_body.get()).unwrap_or(usize::MAX);
    mirror.most_in_flight = written.max_in_flight;
    mirror
}

pub(super) fn hedge(written: &Hedge) -> HedgeSpec {
    let mut hedge = HedgeSpec::default();
    hedge.percentile = percentage(written.percentile);
    hedge.least_delay = written.min_delay.get();
    hedge.most_percent = percentage(written.max_percent);
    hedge
}
