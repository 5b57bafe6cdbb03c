use std::time::{Duration, UNIX_EPOCH};

use super::{read, to_text};

#[test]
fn what_was_written_is_read() {
    // Steps that meet each time of day, and years with and without a leap day.
    for millis in (0..253_402_300_799_999).step_by(86_399_987 * 13) {
        let moment = UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(read(&to_text(moment)), Some(moment), "{}", to_text(moment));
    }
    let moment = UNIX_EPOCH + Duration::from_millis(1_709_164_800_007);
    assert_eq!(to_text(moment), "2024-02-29T00:00:00.007Z");
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        "2024-02-30T00:00:00.000Z",
        "2024-00-10T00:00:00.000Z",
        "2024-13-10T00:00:00.000Z",
        "2024-02-10T24:00:00.000Z",
        "2024-02-10T00:00:00Z",
        "2024-02-10t00:00:00.000Z",
        "1969-12-31T23:59:59.000Z",
        "0000-01-01T00:00:00.000Z",
        "+024-02-10T00:00:00.000Z",
        "2024-02-10T00:00:00.0000Z",
        "20\u{e9}4-02-10T00:00:00.000Z",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}
