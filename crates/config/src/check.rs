//! What one value cannot know by itself: bounds, names that must exist, names that must not come twice.

mod acme;
mod admin;
mod backend_tls;
mod backends;
mod balance;
mod bounds;
mod capacity;
mod certificates;
mod client_auth;
mod cluster;
mod doors;
mod edits;
mod health;
mod hints;
mod hosts;
mod listeners;
mod method;
mod names;
mod pem;
mod route;
mod routes;
mod secrets;
mod upstreams;
mod useless;

pub(crate) use cluster::check as check_cluster;
pub(crate) use hints::suggest;
pub(crate) use names::Names;

use crate::{
    Document,
    load::Surroundings,
    report::{At, Report},
    tree::NodeId,
};
use doors::Doors;

/// What a document refers to outside of its text.
pub(crate) struct Outside<'s> {
    pub(crate) surroundings: &'s Surroundings<'s>,
    /// Whether the files are read that are named at a node: not where they have been.
    pub(crate) is_fresh: &'s dyn Fn(NodeId) -> bool,
}

/// Checks a document that was read, and completes it: default ids, secrets from files.
pub(crate) fn check(document: &mut Document, at: At<'_>, outside: &Outside<'_>, report: &mut Report<'_>) {
    bounds::check(document, "", at, report);
    let doors = Doors::of(document, at, report);
    listeners::check(document, at, report);
    certificates::check(&mut document.certificates, at, report);
    acme::check(document, doors, at, report);
    upstreams::check(&mut document.upstreams, at, report);
    routes::check(&mut document.routes, (&document.upstreams, doors), at, report);
    secrets::check(document, at, outside, report);
    admin::check(document, at, report);
}
