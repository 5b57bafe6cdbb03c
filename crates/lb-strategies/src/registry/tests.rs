use super::Registry;
use crate::{BackendView, NoLoads, PickContext, from_fn};
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
    for name in ["", "round", "round robin", "randoms", "least_latency"] {
        assert!(registry.find(name).is_none(), "{name}");
    }
    assert!(Registry::new().find("random").is_none());
}

#[test]
fn names_are_listed_as_they_were_registered() {
    assert_eq!(Registry::with_builtins().names().collect::<Vec<_>>(), ["random", "round_robin"]);
    assert_eq!(format!("{:?}", Registry::with_builtins()), r#"{"random", "round_robin"}"#);
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
    assert_eq!(registry.names().collect::<Vec<_>>(), ["MINE", "random", "round_robin"]);
}

#[test]
fn a_clone_is_a_registry_of_its_own() {
    let registry = Registry::with_builtins();
    let mut clone = registry.clone();
    clone.register("mine", registry.find("random").expect("it is built in"));
    assert!(registry.find("mine").is_none());
}
