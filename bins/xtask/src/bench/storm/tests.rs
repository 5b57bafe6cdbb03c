use std::collections::HashSet;

use super::*;

#[test]
fn every_other_change_is_of_the_route_that_clients_use() {
    let routes: Vec<_> = (0..CHANGES.count).map(route).collect();
    assert_eq!(routes.iter().filter(|route| **route == 0).count(), 100);
    let others: HashSet<_> = routes.iter().copied().filter(|route| *route != 0).collect();
    assert_eq!(others, (1..ROUTES).collect());
}

#[test]
fn the_changes_last_as_long_as_the_storm() {
    assert_eq!((CHANGES.interval * CHANGES.count).as_secs_f64(), STORM);
}
