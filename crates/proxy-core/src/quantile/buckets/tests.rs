use super::*;

#[test]
fn buckets_follow_one_another_without_a_gap() {
    for bucket in 0..COUNT {
        let (first, next) = (start(bucket), start(bucket + 1));
        assert_eq!((of(first), of(next - 1)), (bucket, bucket), "{first} to {next}");
        let width = (next - first) as f64 / first as f64;
        assert!((0.06..=0.125).contains(&width), "bucket {bucket} is {width} wide");
    }
    assert_eq!((start(0), start(COUNT)), (1 << 15, 1 << 36));
}

#[test]
fn what_is_out_of_range_counts_as_the_nearest() {
    for (nanos, expected) in [(0, 0), (1, 0), (1 << 36, COUNT - 1), (u64::MAX, COUNT - 1)] {
        assert_eq!(of(nanos), expected, "{nanos}");
    }
}

#[test]
fn a_quantile_lies_in_its_bucket_by_its_rank() {
    let mut counts = [0; COUNT];
    assert_eq!(quantile(&counts, 0.5), None);
    counts[16] = 3;
    counts[40] = 1;
    let (first, other) = (start(16) as f64, start(40) as f64);
    let width = start(17) as f64 - first;
    for (q, expected) in [(0.0, first), (0.375, first + width / 2.0), (0.75, first + width), (-1.0, first)] {
        assert_eq!(quantile(&counts, q), Some(expected), "at {q}");
    }
    assert_eq!(quantile(&counts, 1.0), Some(start(41) as f64));
    assert!(quantile(&counts, 0.9).is_some_and(|nanos| nanos > other));
}
