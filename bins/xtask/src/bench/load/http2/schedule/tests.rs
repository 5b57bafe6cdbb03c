use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_closed_loop_sends_at_once_until_it_ends() {
    let now = Instant::now();
    let until = Schedule::Until(now + SECOND);
    assert_eq!(until.due(1_000_000, now), Some(now));
    assert_eq!(until.due(0, now + SECOND), None);
    let requests = Schedule::Requests(2);
    assert_eq!((requests.due(1, now), requests.due(2, now)), (Some(now), None));
}

#[test]
fn a_fixed_rate_is_kept_whatever_the_time_is() {
    let start = Instant::now();
    let paced = Schedule::paced(4, start, start + SECOND);
    assert_eq!(paced.due(0, start + SECOND * 9), Some(start));
    assert_eq!(paced.due(3, start), Some(start + SECOND * 3 / 4));
    assert_eq!(paced.due(4, start), None);
}
