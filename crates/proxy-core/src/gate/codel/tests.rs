use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn codel() -> Codel {
    Codel::new(ms(5), ms(100))
}

#[test]
fn overload_begins_once_the_oldest_was_too_old_for_a_whole_interval() {
    let mut codel = codel();
    // Waits for 6 ms at each pop: too long since 5 ms, first seen at 6.
    for now in (6..105).step_by(3) {
        assert!(!codel.observe(ms(now - 6), ms(now)), "at {now}");
    }
    assert!(codel.observe(ms(99), ms(105)));
    assert!(codel.is_overloaded());
}

#[test]
fn one_short_wait_begins_the_interval_anew() {
    let mut codel = codel();
    assert!(!codel.observe(ms(0), ms(90)));
    assert!(!codel.observe(ms(96), ms(100)));
    assert!(!codel.observe(ms(95), ms(199)));
    assert!(codel.observe(ms(95), ms(200)));
}

#[test]
fn a_wait_counts_even_where_nothing_was_popped_meanwhile() {
    let mut codel = codel();
    assert!(codel.observe(ms(1000), ms(1105)));
}

#[test]
fn overload_ends_with_the_first_short_wait() {
    let mut codel = codel();
    assert!(codel.observe(ms(0), ms(105)));
    assert!(!codel.observe(ms(196), ms(200)));
    assert!(!codel.is_overloaded() && !codel.is_due(ms(10_000)));
}

/// The moments, in milliseconds, at which one is shed until `until`.
fn shed(codel: &mut Codel, from: u64, until: u64) -> Vec<u64> {
    let mut moments = Vec::new();
    for now in from..until {
        while codel.is_due(ms(now)) {
            moments.push(now);
        }
    }
    moments
}

#[test]
fn sheds_come_an_interval_by_the_root_of_their_count_apart() {
    let mut codel = codel();
    assert!(codel.observe(ms(0), ms(105)));
    // 100, 70.7, 57.7, 50, 44.7 ms apart.
    assert_eq!(shed(&mut codel, 105, 430), [105, 205, 276, 334, 384, 429]);
}

#[test]
fn an_overload_soon_after_another_goes_on_where_that_ended() {
    let mut codel = codel();
    assert!(codel.observe(ms(0), ms(105)));
    assert_eq!(shed(&mut codel, 105, 430).len(), 6);
    codel.calm();
    assert!(codel.observe(ms(500), ms(700)));
    // Five came after the first: 100 / sqrt(5) = 44.7 ms, then 40.8.
    assert_eq!(shed(&mut codel, 700, 787), [700, 745, 786]);
    codel.calm();
    // Much later it is another matter.
    assert!(codel.observe(ms(9000), ms(9200)));
    assert_eq!(shed(&mut codel, 9200, 9301), [9200, 9300]);
}
