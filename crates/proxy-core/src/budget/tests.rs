use super::*;
use crate::registry::Registry;

const NOW: Duration = Duration::from_secs(100);

#[test]
fn retries_are_a_share_of_the_requests_and_a_few_each_second() {
    let budget = Budget::default();
    let mut retries = 0;
    for _ in 0..1000 {
        budget.deposit(20);
        retries += u32::from(budget.withdraw(3, NOW));
    }
    // What the free ones left is saved up.
    assert_eq!(retries, 3 + 1000 / 5);
    for second in 1..10 {
        let now = NOW + Duration::from_secs(second);
        assert_eq!((0..10).filter(|_| budget.withdraw(3, now)).count(), 3);
    }
}

#[test]
fn what_is_saved_up_has_a_bound() {
    let budget = Budget::default();
    for _ in 0..1_000_000 {
        budget.deposit(100);
    }
    let retries = (0..10_000).filter(|_| budget.withdraw(0, NOW)).count();
    assert_eq!(retries, MOST as usize);
    assert!(!budget.withdraw(0, NOW));
}

#[test]
fn any_order_of_requests_and_retries_stays_within_the_budget() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let budget = Budget::default();
    let (mut held, mut second, mut given) = (0, 0, 0);
    for _ in 0..100_000 {
        match random.u8(..) {
            0..=1 => (second, given) = (second + 1, 0),
            2..=199 => {
                budget.deposit(20);
                held = if held < MOST * COST { held + 20 } else { held };
            }
            _ => {
                let may = given < 3 || held >= COST;
                assert_eq!(budget.withdraw(3, Duration::from_secs(second)), may);
                if given < 3 {
                    given += 1;
                } else if held >= COST {
                    held -= COST;
                }
            }
        }
    }
}

#[test]
fn no_more_are_under_way_than_the_requests_in_flight_allow() {
    let (state, _) = Registry::new(1).upstream("app");
    let retry = RetrySpec::default();
    for (in_flight, most) in [(0, 3), (15, 3), (19, 3), (20, 4), (100, 20)] {
        let held: Vec<_> = (0..200).map_while(|_| Retrying::begin(&state, &retry, in_flight)).collect();
        assert_eq!(held.len(), most, "{in_flight}");
    }
    assert_eq!(state.retrying.0.load(Relaxed), 0);
}
