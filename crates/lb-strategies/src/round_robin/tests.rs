use super::RoundRobin;
use crate::{BackendView, NoLoads, PickContext, Picker, Strategy, Tried, Weight};

fn picker(weights: &[u32]) -> Box<dyn Picker> {
    let backends: Vec<_> = weights
        .iter()
        .map(|&weight| BackendView::new("any", Weight::new(weight).expect("in range")))
        .collect();
    RoundRobin.picker(&backends)
}

fn pick(picker: &dyn Picker, sequence: u64, tried: &[usize]) -> Option<usize> {
    let tried: Tried = tried.iter().copied().collect();
    picker.pick(&PickContext::new(&NoLoads).with_sequence(sequence).with_tried(tried))
}

/// One period as letters, `a` for the first backend.
fn period(weights: &[u32], picks: u64) -> String {
    let picker = picker(weights);
    (0..picks)
        .map(|n| char::from(b'a' + pick(&*picker, n, &[]).expect("the set is not empty") as u8))
        .collect()
}

#[test]
fn equal_weights_rotate_in_order() {
    for weight in [1, 7, 65_535] {
        assert_eq!(period(&[weight; 4], 9), "abcdabcda", "{weight}");
    }
}

/// What nginx picks for these weights, by hand.
#[test]
fn uneven_weights_follow_the_smooth_schedule() {
    for (weights, expected) in [
        (&[5_u32, 1, 1] as &[u32], "aabacaaaabacaa"),
        (&[2, 1], "abaaba"),
        (&[1, 2, 3], "cbacbc"),
        (&[3, 1], "aabaaaba"),
        (&[4, 2, 2], "abcaabca"),
    ] {
        assert_eq!(period(weights, expected.len() as u64), expected, "{weights:?}");
    }
}

#[test]
fn a_common_divisor_changes_nothing() {
    assert_eq!(period(&[5, 1, 1], 14), period(&[50_000, 10_000, 10_000], 14));
}

#[track_caller]
fn check_exact(weights: &[u32], divisor: u64) {
    let picker = picker(weights);
    let period = weights.iter().map(|&weight| u64::from(weight)).sum::<u64>() / divisor;
    for start in [0, 1, period / 2, u64::MAX / 2] {
        let mut counts = vec![0; weights.len()];
        for n in start..start + period {
            counts[pick(&*picker, n, &[]).expect("the set is not empty")] += divisor;
        }
        assert!(
            counts.iter().zip(weights).all(|(&count, &weight)| count == u64::from(weight)),
            "{weights:?} from {start}"
        );
    }
}

#[test]
fn every_period_gives_each_backend_exactly_its_weight() {
    check_exact(&[1], 1);
    check_exact(&[5, 1, 1], 1);
    check_exact(&[10, 20, 30], 10);
    check_exact(&(1..=90).collect::<Vec<_>>(), 1);
    // Beyond what is stored: a long period, and a large set.
    check_exact(&[65_535, 1], 1);
    check_exact(&[40_000, 25_001, 9, 1_777], 1);
    check_exact(&(0..1_000).map(|index| 1 + index % 3).collect::<Vec<_>>(), 1);
}

/// The distance between what a backend got and what it should have got, at its largest over the picks.
fn largest_lag(weights: &[u32], picks: u64) -> f64 {
    let picker = picker(weights);
    let total: f64 = weights.iter().copied().map(f64::from).sum();
    let mut counts = vec![0.0; weights.len()];
    let mut largest: f64 = 0.0;
    for n in 0..picks {
        counts[pick(&*picker, n, &[]).expect("the set is not empty")] += 1.0;
        for (count, weight) in counts.iter().zip(weights) {
            largest = largest.max((count - (n + 1) as f64 * f64::from(*weight) / total).abs());
        }
    }
    largest
}

#[test]
fn the_stored_schedule_is_never_a_whole_pick_off_for_two_backends() {
    for weights in [[2, 1], [5, 3], [99, 1], [1_000, 1_001]] {
        let lag = largest_lag(&weights, 4_000);
        assert!(lag < 1.0, "{weights:?}: {lag}");
    }
}

/// Three-gap theorem: the lag of golden-ratio steps grows with the logarithm of the picks at most.
#[test]
fn the_walked_schedule_stays_close_to_the_weights_at_all_times() {
    for weights in [vec![65_535, 1], vec![40_000, 25_001, 9, 1_777], (0..300).map(|n| 1 + n % 40).collect()] {
        let lag = largest_lag(&weights, 20_000);
        assert!(lag < 3.0, "{weights:?}: {lag}");
    }
}

#[test]
fn a_walked_schedule_alternates_rather_than_picking_in_runs() {
    let picks = period(&[30_001, 30_000], 20_000);
    assert!(!picks.contains("aaa") && !picks.contains("bbb"));
}

#[test]
fn tried_backends_are_passed_over_for_the_next_in_the_schedule() {
    let picker = picker(&[5, 1, 1]);
    // a a b a c a a
    assert_eq!(pick(&*picker, 0, &[0]), Some(1));
    assert_eq!(pick(&*picker, 3, &[0]), Some(2));
    assert_eq!(pick(&*picker, 5, &[0]), Some(1), "goes on in the next period");
    assert_eq!(pick(&*picker, 0, &[0, 1]), Some(2));
    assert_eq!(pick(&*picker, 0, &[0, 1, 2]), None);
}

#[test]
fn a_backend_that_owns_nearly_every_slot_can_be_passed_over() {
    for weights in [[4_000, 1], [65_535, 1]] {
        let picker = picker(&weights);
        assert!((0..5_000).all(|n| pick(&*picker, n, &[0]) == Some(1)), "{weights:?}");
        assert_eq!(pick(&*picker, 0, &[0, 1]), None);
    }
}

#[test]
fn the_sequence_may_wrap() {
    let picker = picker(&[5, 1, 1]);
    for n in [u64::MAX - 1, u64::MAX, 0] {
        assert!(pick(&*picker, n, &[]).is_some());
        assert!(pick(&*picker, n, &[0]).is_some_and(|index| index != 0));
    }
}
