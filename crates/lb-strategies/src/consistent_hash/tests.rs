use super::{ConsistentHash, ring::POINTS};
use crate::{BackendView, Loads, Needs, NoLoads, PickContext, Strategy, Tried, Weight, hash::word, hash_of};

const KEYS: u64 = 20_000;

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("10.0.{}.{}:8080", n / 250, n % 250 + 1)).collect()
}

fn views<'a>(ids: &'a [String], weights: &[u32]) -> Vec<BackendView<'a>> {
    let weight = |&weight| Weight::new(weight).expect("in range");
    ids.iter().zip(weights).map(|(id, w)| BackendView::new(id, weight(w))).collect()
}

fn key(n: u64) -> u64 {
    hash_of(&n.to_le_bytes())
}

/// The id that each key goes to.
fn owners<'a>(backends: &[BackendView<'a>]) -> Vec<&'a str> {
    let picker = ConsistentHash::new().picker(backends);
    let pick = |n| picker.pick(&PickContext::new(&NoLoads).with_affinity(Some(key(n)))).expect("not empty");
    (0..KEYS).map(|n| backends[pick(n)].id).collect()
}

/// Computed by another program, point by point over the whole circle: a change of any is a change that sends
/// every client elsewhere, and makes two proxies of different versions disagree.
#[test]
fn picks_never_change() {
    let addresses: Vec<u64> = (0..64).map(|n| hash_of(format!("192.0.2.{n}").as_bytes())).collect();
    let picks = |backends: &[(&str, u32)]| -> String {
        let backends: Vec<_> = backends
            .iter()
            .map(|&(id, weight)| BackendView::new(id, Weight::new(weight).expect("in range")))
            .collect();
        let picker = ConsistentHash::new().picker(&backends);
        let pick = |&key| picker.pick(&PickContext::new(&NoLoads).with_affinity(Some(key)));
        addresses.iter().map(|key| char::from(b'1' + pick(key).expect("not empty") as u8)).collect()
    };
    assert_eq!(
        picks(&[("10.0.0.1:80", 1), ("10.0.0.2:80", 1), ("10.0.0.3:80", 1)]),
        "1311123223312233223312132311132323331212333131111123122113312312"
    );
    assert_eq!(
        picks(&[("a", 1), ("b", 1), ("c", 2), ("d", 3), ("e", 9)]),
        "3534554445543555535335554525552345414455454115455334555555555453"
    );
}

/// Every key that changed hands did so from or to this backend.
#[track_caller]
fn check_moves(before: &[BackendView<'_>], after: &[BackendView<'_>], id: &str, gains: bool) -> f64 {
    let mut moved = 0;
    for (n, (old, new)) in owners(before).into_iter().zip(owners(after)).enumerate() {
        if old != new {
            moved += 1;
            assert_eq!(if gains { new } else { old }, id, "key {n} went from {old} to {new}");
        }
    }
    f64::from(moved) / KEYS as f64
}

const WEIGHTS: [&[u32]; 4] =
    [&[1; 10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &[5, 1, 1], &[100, 60_000, 3, 250, 255, 256]];

#[test]
fn a_removed_backend_moves_its_own_keys_and_all_of_them() {
    for weights in WEIGHTS {
        let ids = ids(weights.len());
        let before = views(&ids, weights);
        for (index, id) in ids.iter().enumerate() {
            let mut after = before.clone();
            after.remove(index);
            let owned = owners(&before).iter().filter(|owner| *owner == id).count();
            assert_eq!(check_moves(&before, &after, id, false), owned as f64 / KEYS as f64);
            // Seen the other way round, it is added.
            check_moves(&after, &before, id, true);
        }
    }
}

/// Its share, within four standard deviations.
#[test]
fn an_added_backend_takes_no_more_than_its_share() {
    let (ids, weights) = (ids(11), [1; 11]);
    let all = views(&ids, &weights);
    let moved = check_moves(&all[..10], &all, &ids[10], true);
    let share = 1.0 / 11.0;
    assert!((moved - share).abs() < 4.0 * share / (POINTS as f64).sqrt(), "{moved}");
}

#[test]
fn the_keys_of_a_removed_backend_are_spread_over_all_others() {
    let (ids, weights) = (ids(6), [1; 6]);
    let before = views(&ids, &weights);
    let after = owners(&before[1..]);
    let orphans = || owners(&before).into_iter().zip(&after).filter(|(old, _)| *old == ids[0]);
    for id in &ids[1..] {
        let share = orphans().filter(|(_, new)| *new == id).count() as f64 / orphans().count() as f64;
        assert!((0.1..0.3).contains(&share), "{id}: {share}");
    }
}

/// Also over the powers of two, where the points are stored in another way.
#[test]
fn a_weight_that_grows_takes_keys_and_moves_no_others() {
    let ids = ids(4);
    let mut owned = 0.0;
    for pair in [1, 2, 3, 4, 7, 8, 9, 100, 127, 128, 129, 255, 256, 40_000, 65_535].windows(2) {
        let weights = |weight| [weight, 3, 40, 500];
        let (lighter, heavier) = (views(&ids, &weights(pair[0])), views(&ids, &weights(pair[1])));
        owned += check_moves(&lighter, &heavier, &ids[0], true);
        check_moves(&heavier, &lighter, &ids[0], false);
    }
    assert!((0.9..1.0).contains(&owned), "from 1 of 544 to 65,535 of 66,078: {owned}");
}

#[test]
fn the_order_of_the_set_does_not_matter() {
    let ids = ids(10);
    let mut backends = views(&ids, WEIGHTS[1]);
    let expected = owners(&backends);
    for step in 1..5 {
        backends.sort_by_key(|backend| word(step, hash_of(backend.id.as_bytes())));
        assert_eq!(owners(&backends), expected);
    }
}

/// Relative deviation of the shares of many rings: 1 over the root of the points, at most (for weights
/// between two powers of two there are more).
#[test]
fn shares_deviate_by_one_over_the_root_of_the_points() {
    for (weight, expected) in [(1, 0.079), (64, 0.079), (3, 0.07)] {
        let (mut squares, mut shares) = (0.0, 0.0);
        for ring in 0..20 {
            let ids: Vec<String> = (0..20).map(|n| format!("{ring}-{n}")).collect();
            let backends = views(&ids, &[weight; 20]);
            let owners = owners(&backends);
            for id in &ids {
                let share = owners.iter().filter(|owner| *owner == id).count() as f64 / KEYS as f64 * 20.0;
                squares += (share - 1.0) * (share - 1.0);
                shares += 1.0;
            }
        }
        // The keys are a sample: their own variance is that of a binomial.
        let sampling = 20.0 / KEYS as f64;
        let deviation = (squares / shares - sampling).sqrt();
        assert!((deviation - expected).abs() < 0.012, "weight {weight}: {deviation}");
    }
}

#[test]
fn uneven_weights_get_their_shares() {
    for weights in WEIGHTS {
        let ids = ids(weights.len());
        let owners = owners(&views(&ids, weights));
        let total = f64::from(weights.iter().sum::<u32>());
        for (id, &weight) in ids.iter().zip(weights) {
            let expected = f64::from(weight) / total;
            let share = owners.iter().filter(|owner| *owner == id).count() as f64 / KEYS as f64;
            // Four standard deviations of the points and of the sample.
            let bound = 4.0 * (expected / POINTS as f64 * expected + expected / KEYS as f64).sqrt();
            assert!((share - expected).abs() < bound, "{weights:?}, {weight}: {share} instead of {expected}");
        }
    }
}

#[test]
fn a_request_without_a_key_gets_a_random_backend_by_weight() {
    let ids = ids(3);
    let picker = ConsistentHash::new().picker(&views(&ids, &[5, 1, 1]));
    let mut counts = [0; 3];
    for n in 0..70_000 {
        counts[picker.pick(&PickContext::new(&NoLoads).with_entropy(word(5, n))).expect("not empty")] += 1;
    }
    for (count, expected) in counts.into_iter().zip([50_000_i32, 10_000, 10_000]) {
        assert!((count - expected).abs() < 500, "{counts:?}");
    }
}

#[test]
fn tried_backends_are_passed_over_along_the_circle() {
    let ids = ids(6);
    let backends = views(&ids, &[1, 2, 3, 40, 500, 6_000]);
    let picker = ConsistentHash::new().picker(&backends);
    for n in 0..1_000 {
        let mut context = PickContext::new(&NoLoads).with_affinity(Some(key(n)));
        let mut left: Vec<usize> = (0..6).collect();
        while let Some(index) = picker.pick(&context) {
            // What a set without the tried ones gives.
            let rest: Vec<_> = left.iter().map(|&index| backends[index]).collect();
            let anew = ConsistentHash::new().picker(&rest).pick(&context.with_tried(Tried::new()));
            assert_eq!(anew.map(|place| left[place]), Some(index), "key {n}");
            left.retain(|&other| other != index);
            context.tried.insert(index);
            if n >= 20 {
                break;
            }
        }
        assert!(n >= 20 || left.is_empty());
    }
}

struct Filling(Vec<u32>);

impl Loads for Filling {
    fn in_flight(&self, index: usize) -> u32 {
        self.0[index]
    }

    fn total_in_flight(&self) -> Option<u32> {
        Some(self.0.iter().sum())
    }
}

/// Fills backends with requests of these keys, none of which ends. Checks the cap after each.
#[track_caller]
fn fill(factor_percent: u32, weights: &[u32], requests: u32, key_of: impl Fn(u32) -> u64) -> Vec<u32> {
    let ids = ids(weights.len());
    let picker = ConsistentHash::bounded(factor_percent).picker(&views(&ids, weights));
    let mut loads = Filling(vec![0; weights.len()]);
    let total = f64::from(weights.iter().sum::<u32>());
    for n in 0..requests {
        let context = PickContext::new(&loads).with_affinity(Some(key_of(n)));
        let index = picker.pick(&context).expect("not empty");
        loads.0[index] += 1;
        let fair = f64::from(n + 1) * f64::from(weights[index]) / total;
        let cap = (f64::from(factor_percent) / 100.0 * fair - 1e-9).ceil();
        assert!(f64::from(loads.0[index]) <= cap, "request {n}: {} above {cap}", loads.0[index]);
    }
    loads.0
}

#[test]
fn no_backend_is_ever_filled_above_its_bound() {
    for factor in [100, 110, 125, 200] {
        for weights in WEIGHTS {
            fill(factor, weights, 3_000, |n| key(u64::from(n)));
            fill(factor, weights, 3_000, |n| key(u64::from(n) % 3));
        }
    }
}

/// Half of the backends are full. Walking on would take their keys to the neighbours; as it is, each of the
/// other half gets as many of them as the circle gives it anyway. 99.9th percentile of chi squared for 9
/// degrees of freedom.
#[test]
fn what_full_backends_cannot_take_is_hashed_again() {
    let ids = ids(20);
    let backends = views(&ids, &[1; 20]);
    let (plain, bounded) =
        (ConsistentHash::new().picker(&backends), ConsistentHash::bounded(100).picker(&backends));
    let loads = Filling((0..20).map(|index| if index < 10 { 100 } else { 0 }).collect());
    let (mut overflow, mut direct, mut next, mut all) = ([0.0; 10], [0.0; 10], 0, 0.0);
    for n in 0..20_000 {
        let context = PickContext::new(&loads).with_affinity(Some(key(n)));
        let (owner, index) =
            (plain.pick(&context).expect("20"), bounded.pick(&context).expect("10 are left"));
        assert!(index >= 10, "{index} is full");
        if owner < 10 {
            overflow[index - 10] += 1.0;
            all += 1.0;
            next += u32::from(plain.pick(&context.with_tried((0..10).collect())) == Some(index));
        } else {
            direct[owner - 10] += 1.0;
        }
    }
    let sum: f64 = direct.iter().sum();
    let expected = direct.map(|count| count / sum * all);
    // Both are samples of the same shares, hence twice the variance.
    let squared: f64 = overflow.iter().zip(expected).map(|(o, e)| (o - e) * (o - e) / e / 2.0).sum();
    assert!(squared < 27.88, "{squared}: {overflow:?} instead of {expected:?}");
    assert!((0.05..0.15).contains(&(f64::from(next) / all)), "{next} of {all} went to the next one");
}

#[test]
fn keys_stay_with_their_backend_while_it_has_room() {
    let ids = ids(10);
    let backends = views(&ids, &[1; 10]);
    let (plain, bounded) =
        (ConsistentHash::new().picker(&backends), ConsistentHash::bounded(125).picker(&backends));
    let loads = Filling(vec![8; 10]);
    for n in 0..1_000 {
        let context = PickContext::new(&loads).with_affinity(Some(key(n)));
        assert_eq!(plain.pick(&context), bounded.pick(&context));
    }
}

#[test]
fn without_a_total_or_room_the_owner_is_picked() {
    struct Full(Option<u32>);
    impl Loads for Full {
        fn in_flight(&self, _index: usize) -> u32 {
            u32::MAX
        }
        fn total_in_flight(&self) -> Option<u32> {
            self.0
        }
    }
    let ids = ids(10);
    let backends = views(&ids, &[65_535; 10]);
    let (plain, bounded) =
        (ConsistentHash::new().picker(&backends), ConsistentHash::bounded(u32::MAX).picker(&backends));
    for total in [None, Some(0)] {
        for n in 0..100 {
            let loads = Full(total);
            let context = PickContext::new(&loads).with_affinity(Some(key(n)));
            assert_eq!(plain.pick(&context), bounded.pick(&context), "{total:?}");
        }
    }
    let (loads, retry) = (Full(Some(u32::MAX)), (0..9).collect());
    let context = PickContext::new(&loads).with_affinity(Some(1)).with_tried(retry);
    assert_eq!(ConsistentHash::bounded(1).picker(&backends).pick(&context), Some(9));
}

#[test]
fn the_total_is_needed_only_for_a_bound() {
    assert_eq!(ConsistentHash::new().needs(), Needs::NONE);
    assert_eq!(ConsistentHash::bounded(125).needs(), Needs::NONE.with_total(true));
}
