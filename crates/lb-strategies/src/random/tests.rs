use super::Random;
use crate::{BackendView, NoLoads, PickContext, Picker, Strategy, Tried, Weight};

fn picker(weights: &[u32]) -> Box<dyn Picker> {
    let backends: Vec<_> = weights
        .iter()
        .map(|&weight| BackendView::new("any", Weight::new(weight).expect("in range")))
        .collect();
    Random.picker(&backends)
}

/// Counts over random words that divide their whole range evenly, so that there is no chance in the result.
fn counts(weights: &[u32], tried: Tried, draws: u64) -> Vec<u64> {
    let picker = picker(weights);
    let mut counts = vec![0; weights.len()];
    for n in 0..draws {
        let entropy = (u64::MAX / draws) * n + u64::MAX / draws / 2;
        let context = PickContext::new(&NoLoads).with_entropy(entropy).with_tried(tried);
        counts[picker.pick(&context).expect("one is left")] += 1;
    }
    counts
}

/// Each column of the table starts and ends within a step, so a backend's count is off by two steps for each
/// column that it has a part in.
#[track_caller]
fn check_shares(weights: &[u32], tried: &[usize]) {
    const DRAWS: u64 = 200_000;
    let tried: Tried = tried.iter().copied().collect();
    let weight = |index: usize| if tried.contains(index) { 0.0 } else { f64::from(weights[index]) };
    let total: f64 = (0..weights.len()).map(weight).sum();
    for (index, count) in counts(weights, tried, DRAWS).into_iter().enumerate() {
        let expected = weight(index) / total * DRAWS as f64;
        let off = (count as f64 - expected).abs();
        assert!(
            off <= 2.0 * weights.len() as f64,
            "{weights:?} without {tried:?}: {count} of {index}, not {expected}"
        );
    }
}

#[test]
fn each_backend_is_as_probable_as_its_weight_is_large() {
    check_shares(&[1], &[]);
    check_shares(&[1, 1, 1], &[]);
    check_shares(&[5, 1, 1], &[]);
    check_shares(&[1, 65_535], &[]);
    check_shares(&[65_535; 5], &[]);
    check_shares(&(1..=100).collect::<Vec<_>>(), &[]);
}

#[test]
fn a_retry_draws_among_the_others_by_weight() {
    check_shares(&[5, 1, 1], &[0]);
    check_shares(&[1, 2, 3, 4], &[1, 3]);
    check_shares(&[65_535, 1, 2], &[0]);
}

#[test]
fn the_ends_of_the_random_range_are_good_draws() {
    for weights in [&[1_u32] as &[u32], &[5, 1, 1], &[1, 65_535], &[65_535; 7]] {
        for entropy in [0, 1, u64::MAX - 1, u64::MAX] {
            let context = PickContext::new(&NoLoads).with_entropy(entropy);
            assert!(picker(weights).pick(&context).is_some_and(|index| index < weights.len()));
            let retry = context.with_tried([0].into_iter().collect());
            assert!(picker(weights).pick(&retry).is_none_or(|index| index != 0 && index < weights.len()));
        }
    }
}

#[test]
fn nothing_is_drawn_when_everything_was_tried() {
    let context = PickContext::new(&NoLoads).with_entropy(u64::MAX).with_tried([0, 1].into_iter().collect());
    assert_eq!(picker(&[3, 4]).pick(&context), None);
}

/// Pearson's test with the 99.9th percentile of chi squared for 9 degrees of freedom.
#[test]
fn pseudo_random_words_give_what_chance_gives() {
    let weights: Vec<u32> = (1..=10).collect();
    let picker = picker(&weights);
    let mut counts = [0.0; 10];
    let (draws, mut word) = (100_000, 42_u64);
    for _ in 0..draws {
        // xorshift64*, which has nothing in common with the table's construction.
        word ^= word >> 12;
        word ^= word << 25;
        word ^= word >> 27;
        let context = PickContext::new(&NoLoads).with_entropy(word.wrapping_mul(0x2545_F491_4F6C_DD1D));
        counts[picker.pick(&context).expect("the set is not empty")] += 1.0;
    }
    let squared: f64 = counts
        .iter()
        .zip(&weights)
        .map(|(count, &weight)| {
            let expected = f64::from(weight) / 55.0 * f64::from(draws);
            (count - expected) * (count - expected) / expected
        })
        .sum();
    assert!(squared < 27.88, "chi squared is {squared}");
}
