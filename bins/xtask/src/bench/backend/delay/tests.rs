use super::*;

const TIME: Duration = Duration::from_millis(5);

fn ticket(request: u64) -> Ticket {
    Ticket { connection: 0, request }
}

#[test]
fn so_many_are_worked_on_at_once_and_the_others_follow_in_turn() {
    let (start, mut delay) = (Instant::now(), Delay::new(TIME, 2));
    (1..=3).for_each(|request| delay.arrive(ticket(request), start));
    assert_eq!(delay.take_done(start + TIME / 2), None);
    assert_eq!(delay.next(), Some(start + TIME));
    let first = start + TIME;
    assert_eq!([1, 2].map(|_| delay.take_done(first)), [Some(ticket(1)), Some(ticket(2))]);
    assert_eq!((delay.take_done(first), delay.next()), (None, Some(start + 2 * TIME)));
    assert_eq!(delay.take_done(start + 2 * TIME), Some(ticket(3)));
    assert_eq!(delay.next(), None);
}

#[test]
fn nobody_waits_where_nothing_is_limited() {
    let (start, mut delay) = (Instant::now(), Delay::new(TIME, usize::MAX));
    (0..1_000).for_each(|request| delay.arrive(ticket(request), start));
    for request in 0..1_000 {
        assert_eq!(delay.take_done(start + TIME), Some(ticket(request)));
    }
}

#[test]
fn a_long_walk_agrees_with_a_list_of_clerks() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut now, mut delay) = (Instant::now(), Delay::new(TIME, 3));
    // Each clerk's end of work; who comes takes the clerk that is free first.
    let mut clerks = [now; 3];
    let mut expected = VecDeque::new();
    for request in 0..100_000 {
        // Often less than a clerk takes a third of, sometimes long enough for all to be idle.
        let longest = if random.u8(..100) == 0 { 50_000_000 } else { 3_000_000 };
        let arrival = now + Duration::from_nanos(random.u64(..longest));
        while let Some(end) = delay.next().filter(|end| *end <= arrival) {
            assert_eq!(delay.take_done(end).map(|done| (done, end)), expected.pop_front(), "seed {seed}");
        }
        now = arrival;
        delay.arrive(ticket(request), now);
        clerks.sort_unstable();
        clerks[0] = clerks[0].max(now) + TIME;
        expected.push_back((ticket(request), clerks[0]));
    }
}
