use super::*;

#[track_caller]
fn check(millis: u64, expected: &str) {
    let mut text = String::new();
    write_time(Duration::from_millis(millis), &mut text).unwrap();
    assert_eq!(text, expected);
}

#[test]
fn times_are_written_in_utc_to_the_millisecond() {
    check(0, "1970-01-01T00:00:00.000Z");
    check(951_782_399_999, "2000-02-28T23:59:59.999Z");
    check(951_782_400_000, "2000-02-29T00:00:00.000Z");
    check(951_868_800_000, "2000-03-01T00:00:00.000Z");
    check(1_709_164_800_007, "2024-02-29T00:00:00.007Z");
    check(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
    check(1_735_689_599_000, "2024-12-31T23:59:59.000Z");
}
