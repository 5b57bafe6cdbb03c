//! Moments as they are written: RFC 3339, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i128 = 86_400_000;

/// A moment with milliseconds: `2026-01-26T10:30:45.123Z`; of years from 0 to 9999, the nearest otherwise.
pub(crate) fn with_millis(moment: SystemTime) -> String {
    let (seconds, millis) = written(moment);
    format!("{seconds}.{millis:03}Z")
}

/// A moment to the second: `2026-01-26T10:30:45Z`.
pub(crate) fn to_second(moment: SystemTime) -> String {
    let (seconds, _) = written(moment);
    format!("{seconds}Z")
}

fn written(moment: SystemTime) -> (String, i128) {
    let millis = match moment.duration_since(UNIX_EPOCH) {
        Ok(since) => i128::try_from(since.as_millis()).unwrap_or(i128::MAX),
        Err(before) => -i128::try_from(before.duration().as_millis()).unwrap_or(i128::MAX),
    };
    // 0000-01-01 and 9999-12-31T23:59:59.999.
    let millis = millis.clamp(-62_167_219_200_000, 253_402_300_799_999);
    let (year, month, day) = date(millis.div_euclid(DAY));
    let of_day = millis.rem_euclid(DAY);
    let (seconds, millis) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    (format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"), millis)
}

/// Year, month and day, so many days behind 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms").
const fn date(days: i128) -> (i128, i128, i128) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Years begin in March here, so that leap days are their last.
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[track_caller]
    fn check(millis: i64, expected: &str) {
        let distance = Duration::from_millis(millis.unsigned_abs());
        let moment = if millis < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
        assert_eq!(with_millis(moment), expected);
    }

    #[test]
    fn moments_are_written_in_utc() {
        check(0, "1970-01-01T00:00:00.000Z");
        check(-1, "1969-12-31T23:59:59.999Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(1_769_423_445_123, "2026-01-26T10:30:45.123Z");
        check(4_107_542_399_000, "2100-02-28T23:59:59.000Z");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
        check(253_402_300_800_000, "9999-12-31T23:59:59.999Z");
        assert_eq!(to_second(UNIX_EPOCH), "1970-01-01T00:00:00Z");
    }
}
