//! The crate as an embedder sees it.

use lb_strategies::{
    BackendView, Loads, NoLoads, PickContext, Picker, Registry, Strategy, Tried, Weight, from_fn, hash_of,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::Arc,
};

/// The system's allocator, counting for each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "the trait is unsafe to implement; both calls are passed on as they are")]
// SAFETY: the same contract as `System`, to which everything is passed on.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `System` through `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn set(weights: &[u32]) -> Vec<BackendView<'static>> {
    weights
        .iter()
        .filter_map(|&weight| Weight::new(weight))
        .map(|weight| BackendView::new("any", weight))
        .collect()
}

#[test]
fn a_pick_of_a_built_in_strategy_allocates_nothing() {
    let registry = Registry::with_builtins();
    for name in registry.names() {
        for weights in [&[1_u32, 1, 1, 1] as &[u32], &[5, 1, 1], &[65_535, 1, 3]] {
            let picker = registry.find(name).expect("it is listed").picker(&set(weights));
            let tried: Tried = [0].into_iter().collect();
            let before = ALLOCATIONS.get();
            for n in 0..1_000 {
                let context = PickContext::new(&NoLoads).with_sequence(n).with_entropy(n << 54);
                let with_key = context.with_affinity(Some(hash_of(&n.to_le_bytes())));
                assert!(picker.pick(&context).is_some());
                assert!(picker.pick(&with_key).is_some());
                assert!(picker.pick(&with_key.with_tried(tried)).is_some());
                assert!(picker.pick(&context.with_tried(tried)).is_some());
            }
            assert_eq!(ALLOCATIONS.get(), before, "{name} {weights:?}");
        }
    }
}

#[test]
fn a_strategy_of_a_stranger_is_used_by_name() {
    struct Busy([u32; 3]);
    impl Loads for Busy {
        fn in_flight(&self, index: usize) -> u32 {
            self.0[index]
        }
    }
    let mut registry = Registry::with_builtins();
    registry.register(
        "least_in_flight",
        Arc::new(from_fn(|backends: &[BackendView<'_>]| {
            let count = backends.len();
            move |context: &PickContext<'_>| {
                let untried = (0..count).filter(|&index| !context.tried.contains(index));
                untried.min_by_key(|&index| context.loads.in_flight(index))
            }
        })),
    );
    let picker = registry.find("leastInFlight").expect("it was registered").picker(&set(&[1, 1, 1]));
    let loads = Busy([4, 0, 2]);
    assert_eq!(picker.pick(&PickContext::new(&loads)), Some(1));
    assert_eq!(picker.pick(&PickContext::new(&loads).with_tried([1].into_iter().collect())), Some(2));
}

#[test]
fn pickers_are_shared_by_threads() {
    let picker: Arc<dyn Picker> = Arc::from(lb_strategies::RoundRobin.picker(&set(&[2, 1])));
    let counts = std::thread::scope(|scope| {
        let picks = |worker: u64| {
            let picker = Arc::clone(&picker);
            move || {
                let context = |n: u64| PickContext::new(&NoLoads).with_sequence(worker + 3 * n);
                (0..1_000_u64).filter(|&n| picker.pick(&context(n)) == Some(0)).count()
            }
        };
        let workers: Vec<_> = (0..3).map(|worker| scope.spawn(picks(worker))).collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).sum::<usize>()
    });
    assert_eq!(counts, 2_000);
}

#[cfg(feature = "test-util")]
#[test]
fn every_built_in_strategy_conforms_by_its_name() {
    use lb_strategies::conformance::Conformance;
    let registry = Registry::with_builtins();
    for name in registry.names() {
        let conformance = match name {
            "hash" | "ip_hash" => Conformance::new().hashing().with_fairness(0.084),
            "first" | "least_latency" => Conformance::new().without_fairness(),
            _ => Conformance::new(),
        };
        let strategy = registry.find(name).expect("it is listed");
        assert_eq!(conformance.check(&*strategy), Ok(()), "{name}");
    }
}
