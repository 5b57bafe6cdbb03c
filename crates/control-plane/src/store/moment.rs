//! Moments, as files of revisions say them: RFC 3339 section 5.6, in UTC, to the millisecond.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::certificates::moment::show;

/// A moment as text. What is before 1970 is its beginning.
pub(crate) fn to_text(moment: SystemTime) -> String {
    let millis = moment.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_millis();
    format!("{}.{millis:03}Z", show(moment).trim_end_matches('Z'))
}

/// Reads what [`to_text`] gave.
pub(crate) fn read(text: &str) -> Option<SystemTime> {
    let field = |range: Range<usize>| text.get(range)?.parse::<u64>().ok();
    let days = days(field(0..4)?, field(5..7)?, field(8..10)?)?;
    let seconds = ((days * 24 + field(11..13)?) * 60 + field(14..16)?) * 60 + field(17..19)?;
    let moment = UNIX_EPOCH.checked_add(Duration::from_millis(seconds * 1000 + field(20..23)?))?;
    // Whatever else is wrong with it shows here.
    (to_text(moment) == text).then_some(moment)
}

/// From the beginning of 1970 to a date (H. Hinnant, chrono-compatible low-level date algorithms, `days_from_civil`).
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day.checked_sub(1)?;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year;
    days.checked_sub(719_468)
}

#[cfg(test)]
mod tests;
