use super::*;

#[test]
fn retries_are_a_fifth_of_the_requests_and_a_few_to_begin_with() {
    let budget = Budget::default();
    let mut retries = 0;
    for _ in 0..1000 {
        budget.deposit();
        retries += u32::from(budget.withdraw());
    }
    assert_eq!(retries, FIRST + 1000 / 5);
}

#[test]
fn what_is_saved_up_has_a_bound() {
    let budget = Budget::default();
    for _ in 0..1_000_000 {
        budget.deposit();
    }
    let retries = (0..10_000).filter(|_| budget.withdraw()).count();
    assert_eq!(retries, MOST as usize);
    assert!(!budget.withdraw());
}

#[test]
fn any_order_of_requests_and_retries_stays_within_the_budget() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let budget = Budget::default();
    let mut held = FIRST * COST;
    for _ in 0..10_000 {
        if random.u8(..) < 200 {
            budget.deposit();
            held = if held < MOST * COST { held + SHARE } else { held };
        } else {
            assert_eq!(budget.withdraw(), held >= COST);
            held = held.checked_sub(COST).unwrap_or(held);
        }
    }
}
