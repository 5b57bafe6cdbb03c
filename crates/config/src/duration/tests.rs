use super::*;

#[track_caller]
fn check(text: &str, expected: Result<u64, DurationError>) {
    assert_eq!(text.parse(), expected.map(Duration::from_millis), "{text}");
}

#[test]
fn numbers_are_milliseconds_and_units_add_up() {
    check("0", Ok(0));
    check("1500", Ok(1500));
    check("250ms", Ok(250));
    check("30s", Ok(30_000));
    check("5m", Ok(300_000));
    check("1h", Ok(3_600_000));
    check("7d", Ok(604_800_000));
    check("1m30s", Ok(90_000));
    check("1h0m5ms", Ok(3_600_005));
}

#[test]
fn anything_else_is_no_duration() {
    for text in
        ["", "s", "30 s", "30S", "1.5s", "-1", "-1s", "1s1s", "1s1h", "1x", "s1", "1 ", "∞", "1ms1", "off"]
    {
        check(text, Err(DurationError::Form));
    }
    check("18446744073709551615d", Err(DurationError::TooLong));
    check("213503982335d", Err(DurationError::TooLong));
}

#[test]
fn durations_are_written_as_they_are_read() {
    for text in ["0ms", "1ms", "1500ms", "30s", "90s", "5m", "1h", "25h", "2d"] {
        assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
    }
}
