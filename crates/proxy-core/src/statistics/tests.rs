use http1::Rule;

use super::*;

fn counted(status: u16, micros: u64) -> Counted {
    Counted::new(status, Duration::from_micros(micros)).bytes(1, 2)
}

#[test]
fn what_workers_count_adds_up() {
    let shards = Shards::new(3);
    for (shard, status) in [(0, 200), (1, 204), (2, 301), (3, 404), (7, 502), (0, 499), (1, 101)] {
        shards.count(shard, &counted(status, 10));
    }
    let sum = shards.sum();
    assert_eq!(sum.by_class, [1, 1, 2, 1, 1, 1]);
    assert_eq!((sum.requests(), sum.bytes_in, sum.bytes_out), (7, 7, 14));
    assert_eq!((sum.time, sum.mean()), (Duration::from_micros(70), Some(Duration::from_micros(10))));
    assert_eq!(sum.latencies.iter().collect::<Vec<_>>(), [(Bucket::of(Duration::from_micros(10)), 7)]);
    assert_eq!((shards.ended(), Statistics::default().mean()), (7, None));
}

#[test]
fn what_has_begun_and_not_ended_is_in_flight() {
    let shards = Shards::new(2);
    for shard in 0..5 {
        shards.begin(shard);
    }
    // One may begin on one worker and end on another.
    for ended in 0..5 {
        assert_eq!((shards.in_flight(), shards.sum().in_flight), (5 - ended, 5 - ended));
        shards.count(0, &counted(200, 1));
    }
    assert_eq!(shards.in_flight(), 0);
}

#[test]
fn errors_are_what_failed_by_no_fault_of_the_client() {
    let shards = Shards::new(1);
    for (status, has_failed) in
        [(200, false), (499, false), (404, false), (503, false), (502, false), (200, true)]
    {
        shards.count(0, &counted(status, 1).failed(has_failed));
    }
    assert_eq!((shards.sum().errors(), shards.sum().failed), (3, 1));
}

#[test]
fn the_difference_is_what_came_since() {
    let shards = Shards::new(2);
    shards.count(0, &counted(200, 10));
    let before = shards.sum();
    assert_eq!(before.minus(&before).requests(), 0);
    shards.begin(1);
    shards.count(1, &counted(502, 1000).failed(true));
    shards.begin(1);
    let after = shards.sum();
    let since = after.minus(&before);
    assert_eq!((since.by_class, since.failed, since.bytes_out), ([0, 0, 0, 0, 0, 1], 1, 2));
    assert_eq!((since.time, since.in_flight), (Duration::from_micros(1000), after.in_flight));
    assert_eq!(since.quantile(0.5), Some(Bucket::of(Duration::from_micros(1000)).middle()));
    let mut whole = before.clone();
    whole += &since;
    assert_eq!(whole, after);
    // Counters that began again.
    assert_eq!(
        before.minus(&after),
        Statistics { in_flight: before.in_flight, ..before.minus(&before) }.minus(&after)
    );
    assert_eq!(before.minus(&after).errors(), 0);
}

#[test]
fn reasons_are_counted_by_what_they_ended() {
    let reasons = Reasons::default();
    reasons.count("request", Reason::NoRoute);
    reasons.count("request", Reason::NoRoute);
    reasons.count("request", Reason::BadRequest(Rule::Host));
    reasons.count("connection", Reason::KeepAliveTimeout);
    let mut sum = BTreeMap::from([("no_route".to_owned(), 1)]);
    reasons.add_to(&mut sum, "request");
    assert_eq!(sum, BTreeMap::from([("no_route".to_owned(), 3), ("bad_request:host".to_owned(), 1)]));
    let mut sum = BTreeMap::new();
    reasons.add_to(&mut sum, "connection");
    assert_eq!(sum, BTreeMap::from([("keep_alive_timeout".to_owned(), 1)]));
}
