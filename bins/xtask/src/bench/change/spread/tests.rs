use super::*;

#[test]
fn percentiles_are_times_that_were_taken() {
    let times = (1..=200).rev().map(Duration::from_millis).collect();
    assert_eq!(Spread::of(times), Spread { p50_ms: 100.0, p99_ms: 198.0, max_ms: 200.0 });
    assert_eq!(Spread::of(Vec::new()), Spread::default());
}
