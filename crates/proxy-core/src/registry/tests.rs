use std::time::SystemTime;

use super::*;

fn backend(registry: &Registry, upstream: &Arc<UpstreamState>, id: &str, port: u16) -> Arc<Backend> {
    registry.backend(upstream, id, (&Destination::host("127.0.0.1", port), Named::ByOperator, None, 0)).0
}

fn upstream(registry: &Registry, name: &str) -> Arc<UpstreamState> {
    registry.upstream(name).0
}

#[test]
fn the_same_name_is_the_same_entry_for_as_long_as_somebody_holds_it() {
    let registry = Registry::new(1);
    let app = upstream(&registry, "app");
    assert!(Arc::ptr_eq(&app, &upstream(&registry, "app")));
    assert!(!Arc::ptr_eq(&app, &upstream(&registry, "other")));
    let a = backend(&registry, &app, "a", 1);
    a.set_out(Outage::CONNECT, true);
    a.begin(0);
    registry.prune(0);
    let again = backend(&registry, &app, "a", 1);
    assert!(Arc::ptr_eq(&a, &again) && again.is_dead() && again.in_flight() == 1);
    // Another upstream's backend of that id is another one; so is one at another place.
    let other = backend(&registry, &upstream(&registry, "other"), "a", 1);
    let moved = backend(&registry, &app, "a", 2);
    assert!(!Arc::ptr_eq(&a, &other) && !Arc::ptr_eq(&a, &moved) && !moved.is_dead());
    // Both places live side by side while both are held.
    assert!(Arc::ptr_eq(&a, &backend(&registry, &app, "a", 1)));
    let route = registry.route("r");
    assert!(Arc::ptr_eq(&route, &registry.route("r")));
}

#[test]
fn what_nobody_holds_is_forgotten_and_its_slot_used_again() {
    let registry = Registry::new(1);
    let app = upstream(&registry, "app");
    let (first, second) = (backend(&registry, &app, "a", 1), backend(&registry, &app, "b", 2));
    assert_ne!(first.slot, second.slot);
    let (slot, number) = (first.slot, first.number);
    first.set_out(Outage::CONNECT, true);
    drop(first);
    registry.prune(0);
    let entries = registry.entries.lock().unwrap();
    assert_eq!((entries.backends.len(), entries.upstreams.len()), (1, 1));
    drop(entries);
    let first = backend(&registry, &app, "a", 1);
    assert_eq!(first.slot, slot);
    assert!(first.number != number && !first.is_dead());
    drop((first, second, app));
    registry.prune(0);
    let entries = registry.entries.lock().unwrap();
    assert_eq!((entries.backends.len(), entries.upstreams.len()), (0, 0));
}

#[test]
fn backends_that_come_and_go_leave_nothing_behind() {
    let registry = Registry::new(1);
    let app = upstream(&registry, "app");
    for number in 0..10_000 {
        backend(&registry, &app, &format!("a@{number}"), 1);
    }
    let entries = registry.entries.lock().unwrap();
    assert!(entries.backends.len() <= LEAST + 1, "{}", entries.backends.len());
}

#[test]
fn changes_of_health_and_only_those_are_told_by_the_version() {
    let registry = Registry::new(1);
    let app = upstream(&registry, "app");
    let a = backend(&registry, &app, "a", 1);
    for (is_dead, version) in [(false, 0), (true, 1), (true, 1), (false, 2), (false, 2)] {
        a.set_out(Outage::CONNECT, is_dead);
        assert_eq!((a.is_dead(), app.version()), (is_dead, version));
    }
    a.set_out(Outage::CONNECT, true);
    registry.revive();
    assert_eq!((a.is_dead(), app.version()), (false, 4));
}

#[test]
fn load_adds_up_over_workers() {
    let registry = Registry::new(2);
    let a = backend(&registry, &upstream(&registry, "app"), "a", 1);
    for shard in 0..5 {
        a.begin(shard);
    }
    assert_eq!(a.in_flight(), 5);
    // One may begin on one worker and end on another.
    for _ in 0..5 {
        a.end(0);
    }
    assert_eq!(a.in_flight(), 0);
}

#[test]
fn causes_of_an_outage_are_told_each_and_taken_back_each_by_itself() {
    let registry = Registry::new(1);
    let a = backend(&registry, &upstream(&registry, "app"), "a", 1);
    assert!(a.set_out(Outage::EJECTED, true) && !a.set_out(Outage::EJECTED, true));
    a.set_manual(Manual::Drain { keeps_sticky: true });
    assert_eq!(a.outages().to_string(), "draining_keeps_sticky ejected");
    a.set_manual(Manual::Dead);
    assert_eq!(a.outages().to_string(), "set_dead ejected");
    assert!(a.set_out(Outage::EJECTED, false));
    a.set_manual(Manual::Ready);
    assert!(a.outages().is_none());
}

#[test]
fn a_backend_is_dead_from_the_first_cause_of_it_to_the_end_of_the_last() {
    let registry = Registry::new(1);
    let a = backend(&registry, &upstream(&registry, "app"), "a", 1);
    let began = SystemTime::now() - Duration::from_millis(1);
    a.set_manual(Manual::Drain { keeps_sticky: false });
    a.set_out(Outage::AGENT_DRAIN, true);
    assert_eq!(a.died(), None, "who drains is not dead");
    a.set_out(Outage::CHECK, true);
    let died = a.died().unwrap();
    assert!(began <= died && died <= SystemTime::now());
    a.set_out(Outage::CONNECT, true);
    a.set_out(Outage::CHECK, false);
    a.set_manual(Manual::Dead);
    a.set_out(Outage::CONNECT, false);
    assert_eq!(a.died(), Some(died));
    a.set_manual(Manual::Ready);
    assert_eq!(a.died(), None);
    a.set_manual(Manual::Dead);
    assert!(a.died().unwrap() >= died);
}

#[test]
fn what_is_limited_is_counted_exactly() {
    let registry = Registry::new(2);
    let a = backend(&registry, &upstream(&registry, "app"), "a", 1);
    assert!(a.admit(2) && a.admit(2) && !a.admit(2));
    a.give_back();
    assert!(a.admit(2) && !a.admit(2));
}

#[test]
fn latency_is_what_the_worker_itself_has_seen_or_else_another() {
    let registry = Registry::new(2);
    let a = backend(&registry, &upstream(&registry, "app"), "a", 1);
    let now = Duration::from_secs(1);
    assert_eq!(a.latency(0, nanos(now)), None);
    a.took(1, Duration::from_millis(7), now);
    assert_eq!((a.latency(0, nanos(now)), a.latency(1, nanos(now))), (Some(7_000_000), Some(7_000_000)));
    a.took(0, Duration::from_millis(3), now);
    assert_eq!(a.latency(0, nanos(now)), Some(3_000_000));
}

#[tokio::test]
async fn a_place_among_connections_is_waited_for_and_handed_on() {
    let registry = Registry::new(1);
    let a = backend(&registry, &upstream(&registry, "app"), "a", 1);
    let first = ConnectionPlace::take(&a, 1, || ()).await;
    assert!(!first.is_wanted());
    let mut second = std::pin::pin!(ConnectionPlace::take(&a, 1, || ()));
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(second.as_mut().poll(cx))).await.is_pending());
    assert!(first.is_wanted());
    drop(first);
    let second = second.await;
    assert!(!second.is_wanted());
}
