use http1::Rule;

use super::*;

fn counted(status: u16, micros: u64) -> Counted {
    Counted { status, bytes_in: 1, bytes_out: 2, took: Duration::from_micros(micros) }
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
    assert_eq!(sum.time, Duration::from_micros(70));
}

#[test]
fn each_latency_falls_into_the_bucket_whose_bound_it_does_not_pass() {
    let bounds: Vec<u64> = Statistics::latency_bounds().map(|bound| bound.as_micros() as u64).collect();
    assert!(bounds.is_sorted());
    for (bucket, bound) in bounds.iter().enumerate() {
        let shards = Shards::new(1);
        shards.count(0, &counted(200, *bound));
        shards.count(0, &counted(200, bound + 1));
        let latency = shards.sum().latency;
        assert_eq!((latency[bucket], latency[bucket + 1]), (1, 1), "{bound}");
    }
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
