use super::*;

#[test]
fn percentiles_are_values_that_were_measured() {
    let sorted: Vec<u32> = (1..=200).map(|value| value * 1000).collect();
    assert_eq!(percentile(&sorted, 50), 100.0);
    assert_eq!(percentile(&sorted, 99), 198.0);
    assert_eq!(percentile(&sorted, 100), 200.0);
    assert_eq!(percentile(&[7_500], 99), 7.5);
    assert_eq!(percentile(&[], 50), 0.0);
}

#[test]
fn the_first_error_is_kept_and_all_are_counted() {
    let mut count = Count::new(Instant::now());
    count.failed(|| "first".to_owned());
    count.failed(|| "second".to_owned());
    assert!(!count.is_hopeless());
    let tally = count.close();
    assert_eq!((tally.errors, tally.first_error.as_deref()), (2, Some("first")));
}
