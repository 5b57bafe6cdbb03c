use super::*;

const RATE: Rate = Rate::new(3, Duration::from_secs(3));

fn after(start: Instant, millis: u64) -> Instant {
    start + Duration::from_millis(millis)
}

#[test]
fn as_many_as_allowed_at_once_then_one_by_one() {
    let start = Instant::now();
    let mut limiter = Limiter::new(RATE, 8);
    for _ in 0..3 {
        assert_eq!(limiter.take("a", start), Ok(()));
    }
    assert_eq!(limiter.take("a", start), Err(Duration::from_secs(1)));
    assert_eq!(limiter.take("a", after(start, 400)), Err(Duration::from_millis(600)));
    assert_eq!(limiter.take("a", after(start, 1_000)), Ok(()));
    assert_eq!(limiter.take("a", after(start, 1_000)), Err(Duration::from_secs(1)));
    for _ in 0..3 {
        assert_eq!(limiter.take("a", after(start, 60_000)), Ok(()));
    }
    assert!(limiter.take("a", after(start, 60_000)).is_err());
}

#[test]
fn to_look_takes_none() {
    let start = Instant::now();
    let mut limiter = Limiter::new(Rate::new(1, Duration::from_secs(1)), 8);
    for _ in 0..9 {
        assert_eq!(limiter.look(&"a", start), Ok(()));
    }
    assert_eq!(limiter.take("a", start), Ok(()));
    assert!(limiter.look(&"a", start).is_err());
}

#[test]
fn keys_do_not_concern_each_other() {
    let start = Instant::now();
    let mut limiter = Limiter::new(Rate::new(1, Duration::from_secs(1)), 8);
    assert_eq!(limiter.take("a", start), Ok(()));
    assert_eq!(limiter.take("b", start), Ok(()));
    assert!(limiter.take("a", start).is_err());
}

#[test]
fn a_crowd_of_keys_shares_a_bucket_and_takes_no_more_room() {
    let start = Instant::now();
    let mut limiter = Limiter::new(Rate::new(2, Duration::from_secs(2)), 4);
    let passed = (0..10_000).filter(|key| limiter.take(*key, start).is_ok()).count();
    assert_eq!(passed, 4 + 2);
    assert_eq!(limiter.buckets.len(), 4);
    // The first four still have one each.
    assert_eq!(limiter.take(0, start), Ok(()));
    // Full buckets make room.
    assert_eq!(limiter.take(77, after(start, 5_000)), Ok(()));
    assert_eq!(limiter.buckets.len(), 1);
}

#[test]
fn a_rate_of_nothing_is_a_rate_of_one() {
    let start = Instant::now();
    let mut limiter = Limiter::new(Rate::new(0, Duration::from_secs(1)), 0);
    assert_eq!(limiter.take("a", start), Ok(()));
    assert_eq!(limiter.take("b", start), Err(Duration::from_secs(1)));
}
