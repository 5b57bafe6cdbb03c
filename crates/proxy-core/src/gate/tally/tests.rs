use super::*;

#[track_caller]
fn check(tally: &Tally, active: u32, waiting: u32) {
    assert_eq!(tally.counts(), Counts { active, waiting });
}

#[test]
fn places_are_entered_up_to_the_limit() {
    let tally = Tally::default();
    assert!(!tally.try_enter(0));
    assert!(tally.try_enter(2) && tally.try_enter(2) && !tally.try_enter(2));
    check(&tally, 2, 0);
    assert!(tally.try_leave() && tally.try_enter(2));
    check(&tally, 2, 0);
}

#[test]
fn nobody_enters_or_leaves_without_the_lock_while_somebody_waits() {
    let tally = Tally::default();
    assert!(tally.try_enter(1));
    assert_eq!(tally.announce(), Counts { active: 1, waiting: 0 });
    assert!(!tally.try_enter(10), "not even where there are places");
    assert!(!tally.try_leave());
    check(&tally, 1, 1);
}

#[test]
fn all_that_changes_under_the_lock_changes_at_once() {
    // Of three that are in and four that wait: so many leave, enter, and wait no more.
    for (left, entered, unqueued, active, waiting) in
        [(0, 0, 1, 3, 3), (1, 1, 1, 3, 3), (1, 0, 0, 2, 4), (3, 0, 4, 0, 0), (0, 4, 4, 7, 0), (3, 1, 4, 1, 0)]
    {
        let tally = Tally::default();
        tally.settle(0, 3, 0);
        for before in 0..4 {
            assert_eq!(tally.announce(), Counts { active: 3, waiting: before });
        }
        tally.settle(left, entered, unqueued);
        check(&tally, active, waiting);
    }
}

#[test]
fn either_half_reaches_its_end_without_the_other() {
    let tally = Tally::default();
    tally.settle(0, u32::MAX, 0);
    assert!(!tally.try_enter(u32::MAX));
    tally.announce();
    check(&tally, u32::MAX, 1);
    tally.settle(u32::MAX, 0, 1);
    check(&tally, 0, 0);
}
