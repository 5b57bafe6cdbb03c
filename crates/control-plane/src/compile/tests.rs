//! What documents compile to, and what is said of those that do not.

mod balance;
mod capacity;
mod checks;
mod cluster;
mod egress;
mod fields;
mod problems;
mod resilience;
mod routes;
mod settings;
mod sharing;
mod state;
mod upstreams;

use config::{Errors, Loaded, Surroundings, parse_with};
use proxy_core::spec::{RouteSpec, UpstreamSpec};

use crate::{Factories, Plan, compile};

/// An upstream and a route to it, for documents that are about something else.
const APP: &str = "
upstreams: [{ name: app, url: \"http://127.0.0.1:8080\" }]
routes: [{ path: /*, upstream: app }]
";

#[track_caller]
fn load(text: &str) -> Loaded {
    let nothing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    parse_with(text, "proxyd.yaml", &Surroundings { environment: &|_| None, files: &nothing }).unwrap()
}

#[track_caller]
fn plan(text: &str) -> Plan {
    compile(&load(text), &Factories::default()).unwrap()
}

#[track_caller]
fn errors(text: &str) -> Errors {
    compile(&load(text), &Factories::default()).unwrap_err()
}

#[track_caller]
fn upstream<'a>(plan: &'a Plan, name: &str) -> &'a UpstreamSpec {
    plan.blueprint.upstreams.iter().find(|upstream| upstream.name == name).unwrap()
}

#[track_caller]
fn route<'a>(plan: &'a Plan, id: &str) -> &'a RouteSpec {
    plan.blueprint.routes.iter().find(|route| route.id == id).unwrap()
}
