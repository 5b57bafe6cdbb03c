//! What is shown, of the API's answers.

use serde_json::Value;

use crate::ctl::value::{items, list, member, number, text, whole};
use crate::ctl::view::{backend_name, backend_state, by_id};

/// What is known of a proxy at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Data {
    pub(super) version: String,
    pub(super) revision: Option<u64>,
    pub(super) overall: Figures,
    pub(super) routes: Vec<RouteRow>,
    pub(super) backends: Vec<BackendRow>,
}

/// Figures of one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) rate: f64,
    pub(super) errors: u64,
    /// In milliseconds.
    pub(super) p50: f64,
    /// In milliseconds.
    pub(super) p99: f64,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RouteRow {
    pub(super) id: String,
    pub(super) figures: Figures,
}

/// A backend.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct BackendRow {
    pub(super) upstream: String,
    pub(super) id: String,
    pub(super) state: String,
    pub(super) in_flight: Option<u64>,
    /// Where it was asked about.
    pub(super) figures: Option<Figures>,
}

impl Figures {
    pub(super) fn of(value: &Value) -> Self {
        let held = |path: &str| number(value, path).unwrap_or_default();
        Self {
            rate: held("requestsPerSecond"),
            errors: whole(value, "errors").unwrap_or_default(),
            p50: held("latency.p50"),
            p99: held("latency.p99"),
        }
    }
}

impl Data {
    /// Of `/health`, `/stats`, `/stats/routes`.
    pub(super) fn new(health: &Value, stats: &Value, routes: &Value) -> Self {
        Self {
            version: text(health, "version").unwrap_or_default().to_owned(),
            revision: whole(health, "revision"),
            overall: Figures::of(stats),
            routes: by_id(routes)
                .into_iter()
                .map(|(id, value)| RouteRow { id, figures: Figures::of(value) })
                .collect(),
            backends: Vec::new(),
        }
    }

    /// The row of a backend.
    pub(super) fn backend(&mut self, upstream: &str, id: &str) -> Option<&mut BackendRow> {
        self.backends.iter_mut().find(|row| row.upstream == upstream && row.id == id)
    }

    /// The backends of `/upstreams` or, where they have their own, of `/routes`; these are in an upstream `route:<id>`.
    pub(super) fn add_backends(&mut self, owners: &Value, are_routes: bool) {
        for owner in items(owners) {
            let name = text(owner, if are_routes { "id" } else { "name" }).unwrap_or_default();
            if are_routes && member(owner, "upstream").is_some() {
                continue;
            }
            let upstream = if are_routes { format!("route:{name}") } else { name.to_owned() };
            self.backends.extend(list(owner, "backends").iter().map(|backend| BackendRow {
                upstream: upstream.clone(),
                id: backend_name(backend),
                state: backend_state(backend),
                in_flight: whole(backend, "inFlight"),
                figures: None,
            }));
        }
    }
}

#[cfg(test)]
mod tests;
