use super::{NoLoads, PickContext, Tried};

#[test]
fn a_tried_set_holds_what_was_inserted_and_nothing_else() {
    let mut tried = Tried::new();
    assert!(tried.is_empty());
    for index in [0, 63, 64, 127] {
        assert!(!tried.contains(index));
        tried.insert(index);
        assert!(tried.contains(index));
    }
    assert_eq!(tried.len(), 4);
    assert!(!tried.contains(1) && !tried.contains(126));
}

#[test]
fn indexes_above_the_capacity_are_never_remembered() {
    let mut tried = Tried::new();
    for index in [Tried::CAPACITY, Tried::CAPACITY + 1, usize::MAX] {
        tried.insert(index);
        assert!(!tried.contains(index), "{index}");
    }
    assert!(tried.is_empty());
}

#[test]
fn inserting_twice_counts_once() {
    let tried: Tried = [3, 3, 5].into_iter().collect();
    assert_eq!(tried.len(), 2);
}

#[test]
fn a_context_carries_what_it_was_given() {
    let tried: Tried = [1].into_iter().collect();
    let context = PickContext::new(&NoLoads)
        .with_affinity(Some(7))
        .with_entropy(8)
        .with_sequence(9)
        .with_now_nanos(10)
        .with_tried(tried);
    assert_eq!(
        (context.affinity, context.entropy, context.sequence, context.now_nanos, context.tried),
        (Some(7), 8, 9, 10, tried)
    );
    assert_eq!((context.loads.in_flight(0), context.loads.latency_nanos(0)), (0, None));
    assert!(format!("{context:?}").contains("sequence: 9"));
}
