use super::{Conformance, Violation};
use crate::{BackendView, PickContext, Picker, Random, RoundRobin, Strategy, from_fn};
use std::sync::atomic::{AtomicUsize, Ordering};

fn verdict(strategy: &dyn Strategy) -> Violation {
    Conformance::new().check(strategy).expect_err("the strategy is broken")
}

#[test]
fn the_built_in_strategies_conform() {
    for seed in 0..5 {
        let conformance = Conformance::new().with_seed(seed);
        assert_eq!(conformance.check(&RoundRobin), Ok(()), "seed {seed}");
        assert_eq!(conformance.check(&Random), Ok(()), "seed {seed}");
    }
}

#[test]
fn a_strategy_that_prefers_one_backend_conforms_but_for_fairness() {
    let first = from_fn(|backends: &[BackendView<'_>]| first_untried(backends.len()));
    assert!(matches!(verdict(&first), Violation::Unfair { .. }));
    assert_eq!(Conformance::new().without_fairness().check(&first), Ok(()));
    assert_eq!(Conformance::new().with_fairness(1.0).check(&first), Ok(()));
}

#[test]
fn a_pick_of_an_empty_set_is_found_out() {
    let broken = from_fn(|_: &[BackendView<'_>]| |_: &PickContext<'_>| Some(0));
    assert_eq!(verdict(&broken), Violation::OutOfRange { index: 0, count: 0 });
}

#[test]
fn a_pick_beyond_the_set_is_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let count = backends.len();
        move |_: &PickContext<'_>| (count > 0).then_some(count)
    });
    assert_eq!(verdict(&broken), Violation::OutOfRange { index: 1, count: 1 });
}

#[test]
fn a_tried_backend_picked_again_is_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let count = backends.len();
        move |_: &PickContext<'_>| (count > 0).then_some(0)
    });
    assert!(matches!(verdict(&broken), Violation::AlreadyTried { index: 0, .. }));
}

#[test]
fn giving_up_too_early_is_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let sound = RoundRobin.picker(backends);
        move |context: &PickContext<'_>| if context.tried.len() < 2 { sound.pick(context) } else { None }
    });
    assert!(matches!(verdict(&broken), Violation::GaveUp { .. }));
}

#[test]
fn a_picker_with_a_memory_is_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let (count, picks) = (backends.len(), AtomicUsize::new(0));
        let untried = move |context: &PickContext<'_>, index: usize| !context.tried.contains(index % count);
        move |context: &PickContext<'_>| {
            let next = picks.fetch_add(1, Ordering::Relaxed);
            (next..next + count).find(|&index| untried(context, index)).map(|index| index % count)
        }
    });
    assert!(matches!(verdict(&broken), Violation::Impure { .. }));
}

#[test]
fn weights_that_are_passed_over_are_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let alike: Vec<_> =
            backends.iter().map(|backend| BackendView::new(backend.id, Default::default())).collect();
        let picker = RoundRobin.picker(&alike);
        move |context: &PickContext<'_>| picker.pick(context)
    });
    let violation = verdict(&broken);
    assert!(matches!(violation, Violation::Unfair { .. }));
    assert_eq!(
        violation.to_string(),
        "gave backend-0 a share of 0.3333 instead of 0.7143, of 3 backends of weights [5, 1, 1]"
    );
}

fn first_untried(count: usize) -> impl Picker {
    move |context: &PickContext<'_>| (0..count).find(|&index| !context.tried.contains(index))
}
