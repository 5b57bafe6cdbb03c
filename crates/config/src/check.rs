//! What one value cannot know by itself: bounds, names that must exist, names that must not come twice.

mod backends;
mod bounds;
mod cluster;
mod edits;
mod listeners;
mod names;
mod route;
mod routes;
mod secrets;
mod upstreams;

pub(crate) use cluster::check as check_cluster;
pub(crate) use names::Names;

use crate::{
    Document,
    load::Surroundings,
    report::{At, Report},
};

/// Checks a document that was read, and completes it: default ids, secrets from files.
pub(crate) fn check(
    document: &mut Document,
    at: At<'_>,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) {
    bounds::check(document, "", at, report);
    listeners::check(document, at, report);
    upstreams::check(&mut document.upstreams, at, report);
    routes::check(&mut document.routes, at, report);
    secrets::check(document, at, surroundings, report);
}
