use super::*;

fn backend(registry: &Registry, upstream: &Arc<UpstreamState>, id: &str, port: u16) -> Arc<Backend> {
    registry.backend(upstream, id, &Destination::host("127.0.0.1", port), Named::ByOperator)
}

#[test]
fn the_same_name_is_the_same_entry_for_as_long_as_somebody_holds_it() {
    let registry = Registry::new(1);
    let upstream = registry.upstream("app");
    assert!(Arc::ptr_eq(&upstream, &registry.upstream("app")));
    assert!(!Arc::ptr_eq(&upstream, &registry.upstream("other")));
    let a = backend(&registry, &upstream, "a", 1);
    a.set_dead(true);
    a.begin(0);
    registry.prune();
    let again = backend(&registry, &upstream, "a", 1);
    assert!(Arc::ptr_eq(&a, &again) && again.is_dead() && again.in_flight() == 1);
    // Another upstream's backend of that id is another one; so is one at another place.
    let other = backend(&registry, &registry.upstream("other"), "a", 1);
    let moved = backend(&registry, &upstream, "a", 2);
    assert!(!Arc::ptr_eq(&a, &other) && !Arc::ptr_eq(&a, &moved) && !moved.is_dead());
    // Both places live side by side while both are held.
    assert!(Arc::ptr_eq(&a, &backend(&registry, &upstream, "a", 1)));
    let route = registry.route("r");
    assert!(Arc::ptr_eq(&route, &registry.route("r")));
}

#[test]
fn what_nobody_holds_is_forgotten_and_its_slot_used_again() {
    let registry = Registry::new(1);
    let upstream = registry.upstream("app");
    let (first, second) = (backend(&registry, &upstream, "a", 1), backend(&registry, &upstream, "b", 2));
    assert_ne!(first.slot, second.slot);
    let (slot, number) = (first.slot, first.number);
    first.set_dead(true);
    drop(first);
    registry.prune();
    let entries = registry.entries.lock().unwrap();
    assert_eq!((entries.backends.len(), entries.upstreams.len()), (1, 1));
    drop(entries);
    let first = backend(&registry, &upstream, "a", 1);
    assert_eq!(first.slot, slot);
    assert!(first.number != number && !first.is_dead());
    drop((first, second, upstream));
    registry.prune();
    let entries = registry.entries.lock().unwrap();
    assert_eq!((entries.backends.len(), entries.upstreams.len()), (0, 0));
}

#[test]
fn changes_of_health_and_only_those_are_told_by_the_version() {
    let registry = Registry::new(1);
    let upstream = registry.upstream("app");
    let a = backend(&registry, &upstream, "a", 1);
    for (is_dead, version) in [(false, 0), (true, 1), (true, 1), (false, 2), (false, 2)] {
        a.set_dead(is_dead);
        assert_eq!((a.is_dead(), upstream.version()), (is_dead, version));
    }
    a.set_dead(true);
    registry.revive();
    assert_eq!((a.is_dead(), upstream.version()), (false, 4));
}

#[test]
fn load_adds_up_over_workers() {
    let registry = Registry::new(2);
    let a = backend(&registry, &registry.upstream("app"), "a", 1);
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
