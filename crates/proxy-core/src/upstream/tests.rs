use std::collections::BTreeMap;

use super::*;
use crate::spec::BackendSpec;

fn compile(count: u16) -> Upstream {
    let spec = (0..count).fold(UpstreamSpec::new("app"), |spec, port| {
        spec.backend(BackendSpec::new(format!("b{port}"), "h", port))
    });
    Upstream::compile(&Arc::new(spec), &Registry::new(2))
}

/// How often each place is picked.
fn picks(upstream: &Upstream, tried: &[usize]) -> BTreeMap<usize, u32> {
    let mut picks = BTreeMap::new();
    for _ in 0..60 {
        if let Some((place, member)) = upstream.pick(0, tried) {
            assert!(std::ptr::eq(member, &upstream.backends[place]));
            *picks.entry(place).or_default() += 1;
        }
    }
    picks
}

fn places(picks: BTreeMap<usize, u32>) -> Vec<usize> {
    picks.into_keys().collect()
}

#[test]
fn every_backend_gets_its_share() {
    assert_eq!(picks(&compile(3), &[]), BTreeMap::from([(0, 20), (1, 20), (2, 20)]));
    assert_eq!(places(picks(&compile(1), &[])), [0]);
    assert_eq!(places(picks(&compile(0), &[])), [0; 0]);
}

#[test]
fn dead_backends_are_left_out_and_come_back() {
    let upstream = compile(3);
    upstream.backends[1].backend.set_dead(true);
    assert_eq!(places(picks(&upstream, &[])), [0, 2]);
    upstream.backends[0].backend.set_dead(true);
    assert_eq!(places(picks(&upstream, &[])), [2]);
    upstream.backends[2].backend.set_dead(true);
    assert!(!upstream.has_eligible());
    assert_eq!(places(picks(&upstream, &[])), [0; 0]);
    upstream.backends[1].backend.set_dead(false);
    assert!(upstream.has_eligible());
    assert_eq!(places(picks(&upstream, &[])), [1]);
}

#[test]
fn what_was_tried_is_not_picked_again() {
    let upstream = compile(4);
    for (tried, left) in
        [(&[0][..], &[1, 2, 3][..]), (&[3, 1], &[0, 2]), (&[0, 1, 2], &[3]), (&[0, 1, 2, 3], &[])]
    {
        assert_eq!(places(picks(&upstream, tried)), left, "{tried:?}");
    }
    // Places stay those of the whole list where some are dead.
    upstream.backends[0].backend.set_dead(true);
    assert_eq!(places(picks(&upstream, &[1, 2])), [3]);
    assert_eq!(places(picks(&compile(1), &[0])), [0; 0]);
}

#[test]
fn any_health_and_any_tries_leave_only_what_is_alive_and_new() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let upstream = compile(9);
    for _ in 0..2000 {
        let changed = random.usize(..9);
        upstream.backends[changed].backend.set_dead(random.bool());
        let tried: Vec<usize> = (0..9).filter(|_| random.u8(..3) == 0).collect();
        let eligible = |place: &usize| !upstream.backends[*place].backend.is_dead() && !tried.contains(place);
        let left = (0..9).filter(eligible).count();
        match upstream.pick(random.usize(..3), &tried) {
            Some((place, _)) => assert!(eligible(&place)),
            None => assert_eq!(left, 0, "tried {tried:?}"),
        }
    }
}

#[test]
fn a_backends_own_name_has_its_port_unless_that_is_80() {
    for (host, port, name) in [
        ("a.test", 80, "a.test"),
        ("a.test", 443, "a.test:443"),
        ("::1", 80, "[::1]"),
        ("[::1]", 81, "[::1]:81"),
    ] {
        assert_eq!(&*host_of(&Destination::host(host, port)), name.as_bytes());
    }
    assert_eq!(&*host_of(&Destination::Unix("/run/app".into())), b"localhost");
}
