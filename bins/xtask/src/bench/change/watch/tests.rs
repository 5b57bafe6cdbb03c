use std::cell::Cell;
use std::sync::mpsc;

use super::*;

fn change(route: u32, number: u32) -> Change {
    Change { route, number, begun: Instant::now() }
}

#[test]
fn each_change_is_looked_for_until_it_or_a_later_one_is_there() {
    let (tell, told) = mpsc::channel();
    for made in [change(0, 1), change(7, 2), change(0, 3)] {
        tell.send(made).unwrap();
    }
    drop(tell);
    let looks = Cell::new(0);
    let look = |route| {
        looks.set(looks.get() + 1);
        match (route, looks.get()) {
            (_, 1) => bail!("refused"),
            // The first change of this route is never there alone.
            (0, looks) => Ok(if looks > 6 { 3 } else { 0 }),
            _ => Ok(2),
        }
    };
    let watched = watch(look, &told).unwrap();
    assert_eq!((watched.visible.len(), watched.failed), (3, 1));
    assert_eq!(watched.first_failure.as_deref(), Some("refused"));
}

#[test]
fn looks_are_frequent_at_first() {
    assert_eq!(pause(Duration::ZERO), Duration::from_micros(250));
    assert_eq!(pause(Duration::from_millis(16)), Duration::from_millis(1));
    assert_eq!(pause(Duration::from_secs(1)), Duration::from_millis(2));
}
