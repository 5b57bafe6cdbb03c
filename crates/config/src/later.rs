//! Keys whose features are not built yet. A value that only spells out the default is not refused: leaving it out would
//! mean the same.

mod routes;

use crate::{Limit, Loaded, Metrics, Problem, RateLimits, RoutesFrom, Sampling, Telemetry};

/// Each key whose feature is not built, with a sentence that says so.
pub(crate) fn not_built(loaded: &Loaded) -> Vec<Problem> {
    let mut found = Found { loaded, problems: Vec::new() };
    whole(&mut found);
    for (index, route) in loaded.document.routes.iter().enumerate() {
        routes::check(route, index, &mut found);
    }
    found.problems.sort_by_key(|problem| problem.place);
    found.problems
}

struct Found<'l> {
    loaded: &'l Loaded,
    problems: Vec<Problem>,
}

impl Found<'_> {
    /// Notes a key that asks for a feature.
    fn note(&mut self, path: &str, hint: &str) {
        let message = format!("`{path}` is not built into this version of proxyd");
        self.problems.push(self.loaded.problem(path, message, Some(hint.into())));
    }
}

fn whole(found: &mut Found<'_>) {
    let document = &found.loaded.document;
    let is_set = |is_default: Option<bool>| is_default == Some(false);
    let routes_from = document.routes_from.as_ref().map(|from| *from == RoutesFrom::default());
    let rate_limit = document.rate_limit.as_ref().map(|limits| *limits == RateLimits::default());
    let metrics = document.metrics.as_ref().map(|metrics| *metrics == Metrics::default());
    let telemetry = document.telemetry.as_ref().map(|telemetry| *telemetry == Telemetry::default());
    let sampling = document.logging.sampling.as_ref().map(|sampling| *sampling == Sampling::default());
    let keys = [
        (
            document.proxy.max_duration != Limit::Off,
            "proxy.maxDuration",
            "remove it; exchanges are bounded by the idle timeouts",
        ),
        (is_set(routes_from), "routesFrom", "remove it, and write the routes into the file"),
        (is_set(rate_limit), "rateLimit", "remove it, or limit the rate in front of proxyd"),
        (is_set(metrics), "metrics", "remove it"),
        (is_set(telemetry), "telemetry", "remove it"),
        (
            document.security.auth.is_some(),
            "security.auth",
            "remove it, or check credentials in front of proxyd",
        ),
        (is_set(sampling), "logging.sampling", "remove it; this version writes no access log"),
    ];
    for (_, path, hint) in keys.into_iter().filter(|(is_asked, ..)| *is_asked) {
        found.note(path, hint);
    }
}
