use super::*;

#[test]
fn buckets_follow_each_other_without_a_gap_and_are_an_eighth_wide_at_most() {
    assert_eq!(Bucket::COUNT, 192);
    let mut last = Duration::ZERO;
    for number in 0..Bucket::COUNT {
        let bucket = Bucket::at(number).unwrap();
        assert_eq!((bucket.number(), bucket.start()), (number, last));
        last = bucket.end();
        let inside = [bucket.start(), bucket.middle(), bucket.end() - Duration::from_nanos(1)];
        assert_eq!(inside.map(Bucket::of), [bucket; 3]);
        let width = bucket.end() - bucket.start();
        assert!(width * 8 <= bucket.start() || width == Duration::from_nanos(1024), "{number}");
    }
    assert!(last > Duration::from_secs(60) && Bucket::at(Bucket::COUNT).is_none());
    assert_eq!([last, Duration::MAX].map(|time| Bucket::of(time).number()), [Bucket::COUNT - 1; 2]);
}

#[test]
fn a_quantile_is_a_sixteenth_off_at_most() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..200 {
        let spread = 1 + round % 22;
        let mut exact: Vec<u64> =
            (0..1 + random.usize(..500)).map(|_| 10_000 << random.u32(..spread)).collect();
        exact.iter_mut().for_each(|nanos| *nanos += random.u64(..*nanos));
        let mut latencies = Latencies::default();
        exact.iter().for_each(|nanos| latencies.add(Bucket::of(Duration::from_nanos(*nanos)), 1));
        exact.sort_unstable();
        assert_eq!(latencies.total(), exact.len() as u64);
        for q in [0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 1.0] {
            let rank = ((exact.len() as f64 * q).ceil() as usize).max(1);
            let expected = exact[rank - 1] as f64;
            let got = latencies.quantile(q).unwrap().as_nanos() as f64;
            assert!(
                (got - expected).abs() <= expected / 16.0,
                "{got} for {expected} at {q} of round {round}"
            );
        }
    }
    assert_eq!(Latencies::default().quantile(0.5), None);
}

#[test]
fn counts_are_added_and_taken_off_bucket_by_bucket() {
    let mut random = fastrand::Rng::with_seed(8);
    for _ in 0..100 {
        let mut dense = [0; Bucket::COUNT];
        let (mut sum, mut before) = (Latencies::default(), Latencies::default());
        for step in 0..random.usize(1..40) {
            let bucket = Bucket::at(random.usize(..Bucket::COUNT)).unwrap();
            let count = random.u64(..4);
            sum.add(bucket, count);
            dense[bucket.number()] += count;
            if step < 5 {
                before.add(bucket, count);
            }
        }
        let all = |latencies: &Latencies| latencies.iter().collect::<Vec<_>>();
        let expected = (0..Bucket::COUNT).filter(|number| dense[*number] > 0);
        let expected: Vec<_> = expected.map(|number| (Bucket::at(number).unwrap(), dense[number])).collect();
        assert_eq!(all(&sum), expected);
        let mut again = sum.minus(&before);
        assert_eq!(again.total(), sum.total() - before.total());
        again += &before;
        assert_eq!(again, sum);
        // What began again is not negative.
        assert_eq!(before.minus(&sum).total(), 0);
        assert!(sum.minus(&sum).is_empty());
    }
}
