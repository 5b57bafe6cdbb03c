use super::{Conformance, Violation};
use crate::{
    BackendView, ConsistentHash, First, LeastLatency, LeastRequests, PickContext, Picker, Random, RoundRobin,
    Sticky, Strategy, from_fn, hash_of,
};
use std::sync::atomic::{AtomicUsize, Ordering};

fn verdict(strategy: &dyn Strategy) -> Violation {
    Conformance::new().check(strategy).expect_err("the strategy is broken")
}

#[track_caller]
fn check(conformance: Conformance, strategy: &dyn Strategy) {
    for seed in 0..3 {
        assert_eq!(conformance.with_seed(seed).check(strategy), Ok(()), "seed {seed}");
    }
}

#[test]
fn the_strategies_that_share_by_weight_conform() {
    check(Conformance::new(), &RoundRobin);
    check(Conformance::new(), &Random);
    check(Conformance::new(), &LeastRequests);
    check(Conformance::new(), &Sticky::new(RoundRobin, b"secret", "upstream"));
}

#[test]
fn the_strategies_that_mean_not_to_be_fair_conform_but_for_that() {
    check(Conformance::new().without_fairness(), &First);
    check(Conformance::new().without_fairness(), &LeastLatency);
}

/// The bound is three standard deviations of two backends' shares, half of 1 over the root of 320 each.
#[test]
fn the_strategies_that_hash_conform() {
    let hashing = Conformance::new().hashing().with_fairness(0.084);
    assert_eq!(hashing.check(&ConsistentHash::new()), Ok(()));
    assert_eq!(hashing.with_seed(2).check(&ConsistentHash::bounded(125)), Ok(()));
}

#[test]
fn an_affinity_that_depends_on_the_order_is_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let count = backends.len();
        move |context: &PickContext<'_>| {
            let start = context.affinity.unwrap_or(context.entropy) as usize;
            (0..count)
                .map(|step| start.wrapping_add(step) % count)
                .find(|&index| !context.tried.contains(index))
        }
    });
    let conformance = Conformance::new().without_fairness();
    assert_eq!(conformance.check(&broken), Ok(()));
    assert!(matches!(conformance.hashing().check(&broken), Err(Violation::Unstable { .. })));
}

/// The classical mistake: a hash modulo the number of backends.
#[test]
fn a_removal_that_moves_everything_is_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let mut order: Vec<usize> = (0..backends.len()).collect();
        order.sort_by_key(|&index| hash_of(backends[index].id.as_bytes()));
        move |context: &PickContext<'_>| {
            let start = context.affinity.unwrap_or(context.entropy) as usize;
            let steps = (0..order.len()).map(|step| order[start.wrapping_add(step) % order.len()]);
            steps.into_iter().find(|&index| !context.tried.contains(index))
        }
    });
    let conformance = Conformance::new().without_fairness();
    assert_eq!(conformance.check(&broken), Ok(()));
    let violation = conformance.hashing().check(&broken).expect_err("it moves everything");
    assert!(matches!(violation, Violation::Disrupted { .. }), "{violation}");
    assert!(violation.to_string().starts_with("moved affinity "), "{violation}");
}

/// It answers the thread that built it as it should, and others from somewhere else.
#[test]
fn a_picker_that_answers_other_threads_otherwise_is_found_out() {
    let broken = from_fn(|backends: &[BackendView<'_>]| {
        let (sound, home) = (RoundRobin.picker(backends), std::thread::current().id());
        move |context: &PickContext<'_>| {
            let turn = u64::from(std::thread::current().id() != home);
            sound.pick(&context.with_sequence(context.sequence.wrapping_add(turn)))
        }
    });
    assert!(matches!(verdict(&broken), Violation::Impure { .. }));
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
