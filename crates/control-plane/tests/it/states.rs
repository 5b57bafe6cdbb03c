//! What backends are set to by hand, and what becomes of that.

use std::fs;
use std::path::Path;

use config::parse;
use control_plane::{ControlPlane, Factories, Plan, SetError, compile};
use health::Manual;
use proxy_core::Outage;

/// A plan with the upstream `app` of two backends, the second of which the document has in this state.
fn plan(state: &str, second: &str) -> Plan {
    let text = format!(
        "state: {state}\nupstreams: [{{ name: app, backends: [{{ id: a, hostname: 127.0.0.1, port: 1 }}, \
         {{ id: b, hostname: 127.0.0.1, port: 2, state: {second} }}] }}]\nroutes: [{{ upstream: app }}]"
    );
    compile(&parse(&text, "proxyd.yaml").unwrap(), &Factories::default()).unwrap()
}

fn in_dir(dir: &Path) -> String {
    format!("{{ dir: \"{}\" }}", dir.display())
}

fn started(state: &str, second: &str) -> ControlPlane {
    ControlPlane::build(plan(state, second)).unwrap().1
}

/// Why each backend gets no requests.
fn outages(control: &ControlPlane) -> Vec<Outage> {
    control.backends("app").into_iter().map(|backend| backend.outage).collect()
}

#[test]
fn a_state_outlives_a_restart_until_it_is_ready_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = in_dir(&folder.path().join("proxyd"));
    let control = started(&state, "ready");
    control.set_backend("app", "a", Manual::Dead).unwrap();
    control.set_backend("app", "b", Manual::Drain { keeps_sticky: false }).unwrap();
    assert_eq!(outages(&control), [Outage::MANUAL, Outage::DRAIN]);
    let control = started(&state, "ready");
    assert_eq!(outages(&control), [Outage::MANUAL, Outage::DRAIN]);
    control.set_backend("app", "a", Manual::Ready).unwrap();
    assert_eq!(outages(&control), [Outage::default(), Outage::DRAIN]);
    assert_eq!(outages(&started(&state, "ready")), [Outage::default(), Outage::DRAIN]);
}

#[test]
fn what_was_set_wins_over_the_document_through_changes_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let state = in_dir(folder.path());
    let control = started(&state, "dead");
    assert_eq!(outages(&control), [Outage::default(), Outage::MANUAL]);
    control.set_backend("app", "b", Manual::Ready).unwrap();
    control.publish(&plan(&state, "dead")).unwrap();
    assert_eq!(outages(&control), [Outage::default(), Outage::default()]);
    assert_eq!(outages(&started(&state, "dead")), [Outage::default(), Outage::default()]);
}

#[test]
fn an_upstream_that_comes_back_is_as_it_was_set() {
    let folder = tempfile::tempdir().unwrap();
    let state = in_dir(folder.path());
    started(&state, "ready").set_backend("app", "a", Manual::Dead).unwrap();
    let text = format!("state: {state}\nroutes: [{{ respond: {{}} }}]");
    let empty = compile(&parse(&text, "proxyd.yaml").unwrap(), &Factories::default()).unwrap();
    let control = ControlPlane::build(empty).unwrap().1;
    assert!(control.backends("app").is_empty());
    control.publish(&plan(&state, "ready")).unwrap();
    assert_eq!(outages(&control), [Outage::MANUAL, Outage::default()]);
}

#[test]
fn the_document_counts_again_where_nothing_is_remembered() {
    let control = started("none", "ready");
    control.set_backend("app", "b", Manual::Dead).unwrap();
    control.set_backend("app", "b", Manual::Ready).unwrap();
    control.publish(&plan("none", "drain")).unwrap();
    assert_eq!(outages(&control), [Outage::default(), Outage::DRAIN]);
    control.publish(&plan("none", "ready")).unwrap();
    assert_eq!(outages(&control), [Outage::default(), Outage::default()]);
}

#[test]
fn without_a_directory_a_state_ends_with_the_process() {
    let control = started("none", "ready");
    control.set_backend("app", "a", Manual::Drain { keeps_sticky: true }).unwrap();
    assert_eq!(outages(&control), [Outage::DRAIN_STICKY, Outage::default()]);
    control.publish(&plan("none", "ready")).unwrap();
    assert_eq!(outages(&control), [Outage::DRAIN_STICKY, Outage::default()]);
    assert_eq!(outages(&started("none", "ready")), [Outage::default(), Outage::default()]);
}

#[test]
fn a_corrupt_file_is_set_aside_and_the_proxy_starts() {
    let folder = tempfile::tempdir().unwrap();
    let state = in_dir(folder.path());
    let file = folder.path().join("backends.json");
    fs::write(&file, "{\"version\":1,").unwrap();
    let control = started(&state, "ready");
    assert_eq!(outages(&control), [Outage::default(), Outage::default()]);
    assert_eq!(fs::read(folder.path().join("backends.json.corrupt-1")).unwrap(), b"{\"version\":1,");
    control.set_backend("app", "a", Manual::Dead).unwrap();
    assert_eq!(outages(&started(&state, "ready")), [Outage::MANUAL, Outage::default()]);
}

#[test]
fn who_is_not_there_cannot_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let control = started(&in_dir(folder.path()), "ready");
    for (upstream, id) in [("app", "c"), ("other", "a")] {
        let refused = control.set_backend(upstream, id, Manual::Dead).unwrap_err();
        assert!(matches!(refused, SetError::Unknown { .. }), "{refused}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_state_that_cannot_be_kept_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let control = started(&in_dir(&file), "ready");
    let refused = control.set_backend("app", "a", Manual::Dead).unwrap_err();
    assert!(matches!(refused, SetError::Store { .. }), "{refused}");
    assert_eq!(outages(&control), [Outage::default(), Outage::default()]);
}
