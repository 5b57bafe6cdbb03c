use super::Registry;
use crate::{BackendView, Needs, NoLoads, PickContext, RoundRobin, Strategy, from_fn};
use std::sync::Arc;

#[test]
fn names_match_in_every_spelling() {
    let registry = Registry::with_builtins();
    for name in ["ROUND_ROBIN", "round_robin", "roundRobin", "round-robin", "RoundRobin", "random", "RANDOM"]
    {
        assert!(registry.find(name).is_some(), "{name}");
    }
}

#[test]
fn a_name_that_nobody_registered_finds_nothing() {
    let registry = Registry::with_builtins();
    for name in ["", "round", "round robin", "randoms", "sticky"] {
        assert!(registry.find(name).is_none(), "{name}");
    }
    assert!(Registry::new().find("random").is_none());
}

#[test]
fn names_are_listed_as_they_were_registered() {
    let built_in = ["first", "hash", "ip_hash", "least_latency", "least_requests", "random", "round_robin"];
    assert_eq!(Registry::with_builtins().names().collect::<Vec<_>>(), built_in);
    let mut registry = Registry::new();
    registry.register("Round-Robin", Arc::new(RoundRobin));
    registry.register("any", Arc::new(RoundRobin));
    assert_eq!(format!("{registry:?}"), r#"{"any", "Round-Robin"}"#);
}

#[test]
fn the_last_strategy_of_a_name_counts() {
    let always =
        |index: usize| Arc::new(from_fn(move |_: &[BackendView<'_>]| move |_: &PickContext<'_>| Some(index)));
    let mut registry = Registry::with_builtins();
    assert!(registry.register("mine", always(1)).is_none());
    assert!(registry.register("MINE", always(2)).is_some());
    let picker = registry.find("Mine").expect("it was registered").picker(&[]);
    assert_eq!(picker.pick(&PickContext::new(&NoLoads)), Some(2));
    assert_eq!(
        registry.names().filter(|name| name.eq_ignore_ascii_case("mine")).collect::<Vec<_>>(),
        ["MINE"]
    );
}

#[test]
fn a_clone_is_a_registry_of_its_own() {
    let registry = Registry::with_builtins();
    let mut clone = registry.clone();
    clone.register("mine", registry.find("random").expect("it is built in"));
    assert!(registry.find("mine").is_none());
}

/// By what they read of the loads, two of the built-in strategies can be told from the others.
#[test]
fn other_names_find_the_same_strategy_in_every_spelling() {
    let registry = Registry::with_builtins();
    for (aliases, needs) in [
        (["least_conn", "LEAST_CONNECTIONS"], Needs::NONE),
        (["latency", "peakEwma"], Needs::NONE.with_latency(true)),
    ] {
        for alias in aliases {
            assert_eq!(registry.find(alias).map(|found| found.needs()), Some(needs), "{alias}");
        }
    }
}

#[test]
fn an_alias_follows_its_name_and_yields_to_a_strategy_of_its_own() {
    let mut registry = Registry::with_builtins();
    registry
        .register("least_requests", Arc::new(from_fn(|_: &[BackendView<'_>]| |_: &PickContext<'_>| None)));
    assert_eq!(registry.find("least_conn").map(|found| found.needs()), Some(Needs::ALL));
    registry.register("least_conn", Arc::new(RoundRobin));
    assert_eq!(registry.find("least_conn").map(|found| found.needs()), Some(Needs::NONE));
    registry.alias("nothing", "nowhere");
    assert!(registry.find("nothing").is_none());
}
