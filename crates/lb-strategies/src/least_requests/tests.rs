use super::LeastRequests;
use crate::{BackendView, Loads, NoLoads, PickContext, Picker, Strategy, Tried, Weight, hash::word};

struct Busy(Vec<u32>);

impl Loads for Busy {
    fn in_flight(&self, index: usize) -> u32 {
        self.0[index]
    }
}

fn picker(weights: &[u32]) -> Box<dyn Picker> {
    let backends: Vec<_> = weights
        .iter()
        .map(|&weight| BackendView::new("any", Weight::new(weight).expect("in range")))
        .collect();
    LeastRequests.picker(&backends)
}

fn counts(weights: &[u32], loads: &dyn Loads, tried: &[usize], picks: u64) -> Vec<f64> {
    let picker = picker(weights);
    let tried: Tried = tried.iter().copied().collect();
    let mut counts = vec![0.0; weights.len()];
    for n in 0..picks {
        let context = PickContext::new(loads).with_entropy(word(99, n)).with_tried(tried);
        counts[picker.pick(&context).expect("one is left")] += 1.0;
    }
    counts
}

fn chi_squared(counts: &[f64], expected: impl Fn(usize) -> f64) -> f64 {
    let deviations =
        counts.iter().enumerate().map(|(index, count)| (count - expected(index), expected(index)));
    deviations.map(|(off, expected)| off * off / expected).sum()
}

/// Pearson's test with the 99.9th percentile of chi squared for 9 degrees of freedom.
#[test]
fn idle_backends_share_by_weight() {
    for weights in
        [vec![1; 10], (1..=10).collect(), vec![60_000, 1_000, 900, 800, 700, 600, 500, 400, 300, 200]]
    {
        let total = f64::from(weights.iter().sum::<u32>());
        let counts = counts(&weights, &NoLoads, &[], 100_000);
        let squared = chi_squared(&counts, |index| f64::from(weights[index]) / total * 100_000.0);
        assert!(squared < 27.88, "{weights:?}: {squared}");
    }
}

#[test]
fn equally_busy_backends_share_equally() {
    let squared = chi_squared(&counts(&[3; 10], &Busy(vec![7; 10]), &[], 100_000), |_| 10_000.0);
    assert!(squared < 27.88, "{squared}");
}

/// Of n backends of which no two are equally busy, two different ones are drawn in n (n - 1) / 2 equally
/// probable ways, and the one with r busier ones wins r of them.
#[test]
fn the_odds_are_those_of_two_choices() {
    let order = [4_u32, 9, 1, 0, 7, 3, 8, 2, 6, 5];
    let counts = counts(&[1; 10], &Busy(order.to_vec()), &[], 100_000);
    assert_eq!(counts[1], 0.0, "the busiest of all never wins");
    let expected = |index: usize| (9.0 - f64::from(order[index])) / 45.0 * 100_000.0;
    let squared = chi_squared(&counts, |index| expected(index).max(1e-9));
    // 99.9th percentile for 8 degrees of freedom.
    assert!(squared < 26.12, "{squared}");
}

#[test]
fn the_less_busy_one_of_two_gets_the_request() {
    for (weights, loads, expected) in [
        ([1, 1], [1, 0], Some(1)),
        ([1, 1], [0, 1], Some(0)),
        ([1, 1], [u32::MAX, u32::MAX - 1], Some(1)),
        // One of ten does not make the heavy one busier than a light one with one of one.
        ([10, 1], [1, 1], Some(0)),
        ([10, 1], [10, 0], Some(1)),
        ([10, 1], [20, 3], Some(0)),
        ([10, 1], [20, 1], Some(1)),
        ([10, 1], [20, 2], None),
        ([65_535, 1], [u32::MAX, 0], Some(1)),
    ] {
        let counts = counts(&weights, &Busy(loads.to_vec()), &[], 1_000);
        let winner = counts.iter().position(|&count| count == 1_000.0);
        if expected.is_none() {
            // Neither is busier by a whole request: the first one drawn wins, by weight.
            assert!((850.0..960.0).contains(&counts[0]), "{weights:?} {loads:?}: {counts:?}");
        }
        assert_eq!(winner, expected, "{weights:?} {loads:?}: {counts:?}");
    }
}

#[test]
fn a_retry_chooses_among_the_others_and_the_last_one_left_is_picked() {
    let loads = Busy(vec![0, 9, 0, 4, 9, 9]);
    let counts = |tried: &[usize]| counts(&[1; 6], &loads, tried, 600);
    assert!(counts(&[0, 2])[3] > 200.0 && counts(&[0, 2])[0] + counts(&[0, 2])[2] == 0.0);
    assert_eq!(counts(&[0, 1, 2, 3, 5]), [0.0, 0.0, 0.0, 0.0, 600.0, 0.0]);
    let context = PickContext::new(&loads).with_tried((0..6).collect());
    assert_eq!(picker(&[1; 6]).pick(&context), None);
    assert_eq!(picker(&[]).pick(&PickContext::new(&NoLoads)), None);
}

#[test]
fn a_set_that_one_backend_outweighs_has_a_second_choice_all_the_same() {
    let weights = [65_535, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    let mut loads = vec![0; 10];
    loads[0] = u32::MAX;
    let counts = counts(&weights, &Busy(loads), &[], 90_000);
    assert_eq!(counts[0], 0.0);
    // 99.9th percentile for 8 degrees of freedom.
    assert!(chi_squared(&counts[1..], |_| 10_000.0) < 26.12, "{counts:?}");
}

/// A closed loop: as many requests as there is room for are kept in flight, and a random one ends.
#[test]
fn under_load_requests_in_flight_follow_the_weights() {
    let weights = [8, 4, 2, 1, 1];
    let picker = picker(&weights);
    let (mut loads, mut placed, mut sums) = (Busy(vec![0; 5]), Vec::new(), [0.0; 5]);
    for n in 0..100_000_u64 {
        let context = PickContext::new(&loads).with_entropy(word(7, 2 * n));
        let index = picker.pick(&context).expect("the set is not empty");
        loads.0[index] += 1;
        placed.push(index);
        if placed.len() > 160 {
            let ended = placed.swap_remove(word(7, 2 * n + 1) as usize % 160);
            loads.0[ended] -= 1;
        }
        sums.iter_mut().zip(&loads.0).for_each(|(sum, &load)| *sum += f64::from(load));
    }
    let total: f64 = sums.iter().sum();
    for (sum, weight) in sums.into_iter().zip(weights) {
        let (share, expected) = (sum / total, f64::from(weight) / 16.0);
        assert!((share - expected).abs() < 0.01, "weight {weight}: {share} instead of {expected}");
    }
}

/// Azar, Broder, Karlin, Upfal: with two choices the largest of n loads is `log2 log n + O(1)`; with one it
/// is about `log n / log log n`, 5 to 7 for a thousand.
#[test]
fn a_thousand_requests_for_a_thousand_backends_pile_up_to_four_at_the_most() {
    let picker = picker(&[1; 1_000]);
    for seed in 0..10 {
        let mut loads = Busy(vec![0; 1_000]);
        for n in 0..1_000 {
            let index =
                picker.pick(&PickContext::new(&loads).with_entropy(word(seed, n))).expect("not empty");
            loads.0[index] += 1;
        }
        let largest = loads.0.iter().max().expect("not empty");
        assert!(*largest <= 4, "seed {seed}: {largest}");
    }
}
