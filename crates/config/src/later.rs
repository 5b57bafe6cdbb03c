//! Keys whose features are not built yet. A value that only spells out the default is not refused: leaving it out would
//! mean the same.

mod routes;

use crate::{
    Admin, Document, Limit, Metrics, Problem, RateLimits, RoutesFrom, Sampling, Telemetry,
    report::{self, At},
    source::Source,
};

/// Each key whose feature is not built, with a sentence that says so.
pub(crate) fn not_built(document: &Document, at: At<'_>, source: &Source) -> Vec<Problem> {
    let mut found = Found { source, problems: Vec::new() };
    whole(document, at, &mut found);
    for (route, at) in document.routes.iter().zip(at.key("routes").items()) {
        routes::check(route, at, &mut found);
    }
    found.problems.sort_by_key(|problem| problem.place);
    found.problems
}

struct Found<'s> {
    source: &'s Source,
    problems: Vec<Problem>,
}

impl Found<'_> {
    /// Notes a key that asks for a feature.
    fn note(&mut self, asked: bool, at: At<'_>, key: &str, hint: &str) {
        let Some(at) = at.get(key).filter(|_| asked) else { return };
        let path = at.tree.path(at.id);
        let message = format!("`{path}` is not built into this version of proxyd");
        let problem = report::problem(self.source, at.tree, at.id, message, Some(hint.into()));
        self.problems.push(problem);
    }
}

fn whole(document: &Document, at: At<'_>, found: &mut Found<'_>) {
    let off = document.proxy.max_duration == Limit::Off;
    found.note(!off, at.key("proxy"), "maxDuration", "remove it; exchanges are bounded by the idle timeouts");
    let admin = document.admin.as_ref().is_some_and(|admin| *admin != Admin::default());
    found.note(admin, at, "admin", "remove it; this version is configured by its file alone");
    let routes_from = document.routes_from.as_ref().is_some_and(|from| *from != RoutesFrom::default());
    found.note(routes_from, at, "routesFrom", "remove it, and write the routes into the file");
    let rate_limit = document.rate_limit.as_ref().is_some_and(|limits| *limits != RateLimits::default());
    found.note(rate_limit, at, "rateLimit", "remove it, or limit the rate in front of proxyd");
    let metrics = document.metrics.as_ref().is_some_and(|metrics| *metrics != Metrics::default());
    found.note(metrics, at, "metrics", "remove it");
    let telemetry = document.telemetry.as_ref().is_some_and(|telemetry| *telemetry != Telemetry::default());
    found.note(telemetry, at, "telemetry", "remove it");
    let auth = document.security.auth.is_some();
    found.note(auth, at.key("security"), "auth", "remove it, or check credentials in front of proxyd");
    let sampled = document.logging.sampling.as_ref().is_some_and(|sampling| *sampling != Sampling::default());
    found.note(sampled, at.key("logging"), "sampling", "remove it; this version writes no access log");
}
