use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::retry_after;

#[test]
fn an_authority_says_in_seconds_or_by_date_when_to_come_again() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    for (written, expected) in [
        ("120", Some(1_120)),
        (" 0 ", Some(1_000)),
        ("Thu, 01 Jan 1970 00:30:00 GMT", Some(1_800)),
        ("18446744073709551615", None),
        ("-5", None),
        ("soon", None),
        ("", None),
    ] {
        let mut fields = HeaderMap::new();
        fields.insert(RETRY_AFTER, written.parse().unwrap());
        let expected = expected.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(retry_after(&fields, now), expected, "{written:?}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
}
