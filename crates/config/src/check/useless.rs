//! Keys that would do nothing where they stand.

use crate::{
    Duration,
    report::{At, Report},
};

/// Reports each of these keys that is there, with this reason and hint; a key that has a problem already is left at that.
pub(super) fn check<'k>(
    keys: impl IntoIterator<Item = &'k str>,
    at: At<'_>,
    reason: &str,
    hint: &str,
    report: &mut Report<'_>,
) {
    for key in keys {
        if let Some(value) = at.get(key).filter(|value| !report.is_touched(*value)) {
            report.add(value.id, format!("`{key}` {reason}"), Some(hint.into()));
        }
    }
}

/// Those of the keys whose values say something else than the default.
pub(super) fn said<const N: usize>(keys: [(&str, bool); N]) -> impl Iterator<Item = &str> {
    keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key)
}

/// Reports that the shorter of two durations is the longer one.
pub(super) fn order(
    at: At<'_>,
    (short_key, short): (&str, Duration),
    (long_key, long): (&str, Duration),
    report: &mut Report<'_>,
) {
    let written = [at.get(short_key), at.get(long_key)];
    let is_wrong = written.into_iter().flatten().any(|value| report.is_touched(value));
    if short <= long || is_wrong {
        return;
    }
    let [short_at, long_at] = written;
    let blamed = short_at.or(long_at).unwrap_or(at);
    let message = format!("`{short_key}` ({short}) is longer than `{long_key}` ({long})");
    report.add(blamed.id, message, Some(format!("write a longer `{long_key}`, or a shorter `{short_key}`")));
}
