use std::collections::BTreeMap;

use egress::Destination;
use health::Manual;

use super::roster::host_of;
use super::*;
use crate::registry::Backend;
use crate::spec::{BackendSpec, GateSpec, Panic, Sticky};

struct Rig {
    upstream: Upstream,
    registry: Arc<Registry>,
}

fn compile_as(count: u16, change: impl Fn(&mut UpstreamSpec)) -> Rig {
    let mut spec = (0..count).fold(UpstreamSpec::new("app"), |spec, port| {
        spec.backend(BackendSpec::new(format!("b{port}"), "h", port))
    });
    change(&mut spec);
    let registry = Arc::new(Registry::new(2));
    let upstream = Upstream::compile(&Arc::new(spec), &registry);
    upstream.install();
    Rig { upstream, registry }
}

fn compile(count: u16) -> Rig {
    compile_as(count, |_| ())
}

impl Rig {
    fn backend(&self, place: usize) -> Arc<Backend> {
        Arc::clone(&self.upstream.roster(0).0.members[place].backend)
    }

    fn set_dead(&self, place: usize, is_dead: bool) {
        self.backend(place).set_out(Outage::CONNECT, is_dead);
    }

    fn pick(&self, shard: usize, tried: &[usize], token: Option<u64>) -> Result<Hold, Unpicked> {
        let tried: Vec<u64> = tried.iter().map(|place| self.backend(*place).number).collect();
        let now = self.registry.now();
        self.upstream.pick(&Ask { shard, now, affinity: None, token, tried: &tried })
    }

    /// How often each place is picked.
    fn picks(&self, tried: &[usize]) -> BTreeMap<usize, u32> {
        let mut picks = BTreeMap::new();
        for _ in 0..60 {
            if let Ok(hold) = self.pick(0, tried, None) {
                *picks.entry(hold.place).or_default() += 1;
            }
        }
        picks
    }

    fn places(&self, tried: &[usize]) -> Vec<usize> {
        self.picks(tried).into_keys().collect()
    }
}

#[test]
fn every_backend_gets_its_share() {
    assert_eq!(compile(3).picks(&[]), BTreeMap::from([(0, 20), (1, 20), (2, 20)]));
    assert_eq!(compile(1).places(&[]), [0]);
    assert_eq!(compile(0).places(&[]), [0; 0]);
}

#[test]
fn dead_backends_are_left_out_and_come_back() {
    let rig = compile(3);
    rig.set_dead(1, true);
    assert_eq!(rig.places(&[]), [0, 2]);
    rig.set_dead(0, true);
    assert_eq!(rig.places(&[]), [2]);
    rig.set_dead(2, true);
    assert!(!rig.upstream.roster(0).0.has_eligible());
    assert_eq!(rig.pick(0, &[], None).unwrap_err(), Unpicked::Nobody(Lack::Backends));
    rig.set_dead(1, false);
    assert!(rig.upstream.roster(0).0.has_eligible());
    assert_eq!(rig.places(&[]), [1]);
}

#[test]
fn what_was_tried_is_not_picked_again() {
    let rig = compile(4);
    for (tried, left) in
        [(&[0][..], &[1, 2, 3][..]), (&[3, 1], &[0, 2]), (&[0, 1, 2], &[3]), (&[0, 1, 2, 3], &[])]
    {
        assert_eq!(rig.places(tried), left, "{tried:?}");
    }
    rig.set_dead(0, true);
    assert_eq!(rig.places(&[1, 2]), [3]);
    assert_eq!(compile(1).places(&[0]), [0; 0]);
}

#[test]
fn any_health_and_any_tries_leave_only_what_is_alive_and_new() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let rig = compile(9);
    for _ in 0..2000 {
        rig.set_dead(random.usize(..9), random.bool());
        let tried: Vec<usize> = (0..9).filter(|_| random.u8(..3) == 0).collect();
        let eligible = |place: &usize| !rig.backend(*place).is_dead() && !tried.contains(place);
        let left = (0..9).filter(eligible).count();
        match rig.pick(random.usize(..3), &tried, None) {
            Ok(hold) => assert!(eligible(&hold.place)),
            Err(_) => assert_eq!(left, 0, "tried {tried:?}"),
        }
    }
}

#[test]
fn backups_are_asked_only_while_nobody_else_can_be() {
    let rig = compile_as(4, |spec| {
        spec.backends[2].priority = 1;
        spec.backends[3].priority = 255;
    });
    assert_eq!(rig.places(&[]), [0, 1]);
    // Those that were tried are not the only ones left.
    assert_eq!(rig.places(&[0, 1]), [2]);
    rig.set_dead(0, true);
    assert_eq!(rig.places(&[]), [1]);
    rig.set_dead(1, true);
    assert_eq!(rig.places(&[]), [2]);
    rig.set_dead(2, true);
    assert_eq!(rig.places(&[]), [3]);
    rig.set_dead(0, false);
    assert_eq!(rig.places(&[]), [0]);
}

#[test]
fn a_backend_takes_as_many_requests_as_it_may_and_no_more() {
    let rig = compile_as(2, |spec| spec.backends.iter_mut().for_each(|one| one.max_requests = Some(2)));
    let mut held: Vec<Hold> = (0..4).map(|_| rig.pick(0, &[], None).unwrap()).collect();
    assert_eq!(held.iter().filter(|hold| hold.place == 0).count(), 2);
    assert_eq!(rig.pick(1, &[], None).unwrap_err(), Unpicked::Full);
    let freed = held.swap_remove(1).place;
    assert_eq!(rig.pick(1, &[], None).unwrap().place, freed);
}

#[test]
fn the_gate_of_an_upstream_lets_in_as_many_as_its_living_backends_take() {
    let rig = compile_as(3, |spec| {
        spec.gate = Some(GateSpec::at(8));
        spec.backends.iter_mut().for_each(|one| one.max_requests = Some(4));
    });
    let limit = || {
        rig.upstream.roster(0);
        rig.upstream.door.as_ref().unwrap().gate.limit()
    };
    assert_eq!(limit(), 8);
    rig.set_dead(0, true);
    assert_eq!(limit(), 8);
    rig.set_dead(1, true);
    assert_eq!(limit(), 4);
    rig.set_dead(1, false);
    assert_eq!(limit(), 8);
}

#[test]
fn those_that_stand_in_for_the_dead_do_not_for_the_busy() {
    let rig = compile_as(2, |spec| {
        spec.backends[0].max_requests = Some(1);
        spec.backends[1].priority = 1;
    });
    let held = rig.pick(0, &[], None).unwrap();
    assert_eq!(rig.pick(0, &[], None).unwrap_err(), Unpicked::Full);
    drop(held);
    rig.set_dead(0, true);
    assert_eq!(rig.places(&[]), [1]);
}

#[test]
fn a_spec_that_is_not_served_changes_nothing() {
    let rig = compile_as(1, |spec| spec.gate = Some(GateSpec::at(8)));
    let mut other = UpstreamSpec::new("app").backend(BackendSpec::new("b0", "h", 0));
    other.gate = Some(GateSpec::at(1));
    other.backends[0].state = Manual::Dead;
    let other = Upstream::compile(&Arc::new(other), &rig.registry);
    assert_eq!(rig.upstream.door.as_ref().unwrap().gate.limit(), 8);
    assert_eq!(rig.places(&[]), [0]);
    other.install();
    assert_eq!(rig.upstream.door.as_ref().unwrap().gate.limit(), 1);
    other.roster(0);
    // Whoever was served before has no say any more, however it looks at things.
    rig.upstream.state.renew();
    assert_eq!(rig.places(&[]), [0; 0]);
    assert_eq!(rig.upstream.door.as_ref().unwrap().gate.limit(), 1);
}

#[test]
fn in_a_panic_backends_that_fail_their_checks_are_asked_again_or_nobody_is() {
    for (fails_closed, expected) in [(false, &[0, 1, 2][..]), (true, &[])] {
        let rig = compile_as(4, |spec| spec.panic = Panic::below(50, fails_closed));
        // One that takes no connections counts for nothing, and is asked for nothing.
        rig.set_dead(3, true);
        rig.backend(0).set_out(Outage::CHECK, true);
        assert_eq!(rig.places(&[]), [1, 2]);
        rig.backend(1).set_out(Outage::CHECK, true);
        assert_eq!(rig.places(&[]), expected, "{fails_closed}");
    }
    let never = compile_as(2, |spec| spec.panic = Panic::below(0, false));
    never.backend(0).set_out(Outage::CHECK, true);
    never.backend(1).set_out(Outage::CHECK, true);
    assert_eq!(never.places(&[]), [0; 0]);
}

#[test]
fn ejections_have_a_cap_of_their_own_and_make_no_panic() {
    let rig = compile(4);
    rig.backend(0).set_out(Outage::EJECTED, true);
    rig.backend(1).set_out(Outage::EJECTED, true);
    rig.backend(2).set_out(Outage::EJECTED, true);
    assert_eq!(rig.places(&[]), [3]);
}

#[test]
fn those_that_are_ejected_are_asked_where_nobody_else_is_left() {
    let rig = compile(3);
    rig.backend(0).set_out(Outage::EJECTED, true);
    rig.set_dead(1, true);
    rig.set_dead(2, true);
    assert_eq!(rig.places(&[]), [0]);
}

#[test]
fn keys_stay_where_they_are_while_another_backend_warms_up() {
    let rig = compile_as(4, |spec| spec.strategy = Arc::new(lb_strategies::ConsistentHash::new()));
    let places = || -> Vec<usize> {
        let key = |number: u64| {
            let affinity = Some(lb_strategies::hash_of(&number.to_le_bytes()));
            let ask = Ask { shard: 0, now: rig.registry.now(), affinity, token: None, tried: &[] };
            rig.upstream.pick(&ask).unwrap().place
        };
        (0..200).map(key).collect()
    };
    let before = places();
    rig.backend(0).warm_up(&rig.registry);
    rig.upstream.state.renew();
    let warming = places();
    for (before, warming) in before.iter().zip(&warming) {
        assert!(before == warming || *before == 0, "{before} {warming}");
    }
    assert!(warming.iter().filter(|place| **place == 0).count() < 30);
    rig.backend(0).is_warm();
    rig.upstream.state.renew();
    assert_eq!(places(), before);
}

#[test]
fn open_circuits_are_told_apart_from_dead_backends() {
    let rig = compile(2);
    rig.set_dead(0, true);
    rig.backend(1).set_out(Outage::CIRCUIT, true);
    assert_eq!(rig.pick(0, &[], None).unwrap_err(), Unpicked::Nobody(Lack::Circuits));
}

#[test]
fn a_client_comes_back_to_its_backend_for_as_long_as_it_may() {
    let rig = compile_as(3, |spec| spec.sticky = Some(Sticky::new("keep")));
    let cookie = rig.upstream.sticky.as_ref().unwrap();
    let token = Some(cookie.token_of("app", "b1"));
    for _ in 0..10 {
        assert_eq!(rig.pick(0, &[], token).unwrap().place, 1);
    }
    assert_ne!(rig.pick(0, &[1], token).unwrap().place, 1);
    rig.upstream.state.set_manual("b1", Manual::Drain { keeps_sticky: true });
    assert_eq!(rig.pick(0, &[], token).unwrap().place, 1);
    assert_eq!(rig.places(&[]), [0, 2]);
    rig.upstream.state.set_manual("b1", Manual::Drain { keeps_sticky: false });
    assert_ne!(rig.pick(0, &[], token).unwrap().place, 1);
    rig.upstream.state.set_manual("b1", Manual::Ready);
    assert_eq!(rig.places(&[]), [0, 1, 2]);
}

#[test]
fn a_backend_that_came_back_gets_a_tenth_of_its_share_first() {
    let rig = compile(2);
    rig.backend(0).warm_up(&rig.registry);
    rig.upstream.state.renew();
    let picks: Vec<usize> = (0..1100).map(|_| rig.pick(0, &[], None).unwrap().place).collect();
    let share = picks.iter().filter(|place| **place == 0).count();
    assert!((95..=105).contains(&share), "{share} of 1100");
    rig.backend(0).is_warm();
    rig.upstream.state.renew();
    assert_eq!(rig.picks(&[]), BTreeMap::from([(0, 30), (1, 30)]));
}

#[test]
fn an_agents_share_counts_beside_the_weight() {
    let rig = compile(2);
    rig.backend(0).set_share(50);
    assert_eq!(rig.picks(&[]), BTreeMap::from([(0, 20), (1, 40)]));
}

#[test]
fn a_name_with_several_addresses_stands_for_several_backends() {
    let rig = compile(2);
    let addresses = ["10.0.0.1", "10.0.0.2"].map(|address| address.parse().unwrap());
    assert!(rig.upstream.state.resolve("h", &addresses) && !rig.upstream.state.resolve("h", &addresses));
    let ids = || {
        let roster = rig.upstream.roster(0);
        roster.0.members.iter().map(|member| member.backend.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(), ["b0@10.0.0.1", "b0@10.0.0.2", "b1@10.0.0.1", "b1@10.0.0.2"]);
    let first = rig.backend(0);
    first.set_out(Outage::CONNECT, true);
    // What was learnt of an address that stays is kept, and a new one warms up.
    assert!(
        rig.upstream.state.resolve("h", &["10.0.0.1", "10.0.0.3"].map(|address| address.parse().unwrap()))
    );
    assert_eq!(ids(), ["b0@10.0.0.1", "b0@10.0.0.3", "b1@10.0.0.1", "b1@10.0.0.3"]);
    assert!(Arc::ptr_eq(&first, &rig.backend(0)) && first.is_dead());
    assert!(rig.backend(1).warming(rig.registry.now()).is_some());
    // What is set by hand holds for all of them.
    rig.upstream.state.set_manual("b1", Manual::Dead);
    assert_eq!(rig.places(&[]), [1]);
    assert!(rig.upstream.state.resolve("h", &["10.0.0.1".parse().unwrap()]));
    assert_eq!(ids(), ["b0@10.0.0.1", "b1@10.0.0.1"]);
    assert!(Arc::ptr_eq(&first, &rig.backend(0)));
}

#[tokio::test]
async fn a_large_upstream_is_gathered_apart_and_never_picks_who_is_out() {
    let rig = compile(100);
    rig.set_dead(7, true);
    for _ in 0..200 {
        assert_ne!(rig.pick(0, &[], None).unwrap().place, 7);
    }
    while rig.upstream.roster(0).0.tiers[0].places.len() != 99 {
        tokio::task::yield_now().await;
    }
    assert!(!rig.places(&[]).contains(&7));
}

#[test]
fn a_backends_own_name_has_its_port_unless_that_is_the_default() {
    for (host, port, name) in [
        ("a.test", 80, "a.test"),
        ("a.test", 443, "a.test:443"),
        ("::1", 80, "[::1]"),
        ("[::1]", 81, "[::1]:81"),
    ] {
        assert_eq!(&*host_of(&Destination::host(host, port), false), name.as_bytes());
    }
    for (host, port, name) in [
        ("a.test", 443, "a.test"),
        ("a.test", 80, "a.test:80"),
        ("::1", 443, "[::1]"),
        ("::1", 80, "[::1]:80"),
    ] {
        assert_eq!(&*host_of(&Destination::host(host, port), true), name.as_bytes());
    }
    assert_eq!(&*host_of(&Destination::Unix("/run/app".into()), false), b"localhost");
}
