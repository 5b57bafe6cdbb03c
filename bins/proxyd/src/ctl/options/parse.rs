//! Values of the command line.

use std::str::FromStr;
use std::time::Duration;

/// When a change is taken back by itself: one bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Trigger(String);

impl Trigger {
    /// As the API wants it.
    pub(in crate::ctl) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Trigger {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number = match text.split_once('=') {
            Some(("errors", share)) => share.strip_suffix('%'),
            Some(("p99", times)) => times.strip_suffix('x'),
            _ => None,
        };
        let number = number.and_then(|number| number.parse::<f64>().ok());
        match number.filter(|number| number.is_finite() && *number > 0.0) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err("write errors=5% (percentage points more) or p99=2x (times as long)".into()),
        }
    }
}

/// The longest that a change waits for its confirmation.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// For how long a change waits for its confirmation, as it was written.
pub(super) fn wait(text: &str) -> Result<String, String> {
    let wait = duration(text)?;
    match (Duration::from_secs(1)..=LONGEST_WAIT).contains(&wait) {
        true => Ok(text.to_owned()),
        false => Err("it is from 1s to 24h".into()),
    }
}

/// How long an answer may take.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("nothing is answered in no time".into()),
        timeout => Ok(timeout),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<config::Duration>().map(config::Duration::get).map_err(|error| error.to_string())
}

/// A tag as a field wants it: quoted (RFC 9110 section 8.8.3), or `*`.
pub(super) fn tag(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix("W/").unwrap_or(text);
    let bare = bare.strip_prefix('"').and_then(|bare| bare.strip_suffix('"')).unwrap_or(bare);
    if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b',') {
        return Err("that is no tag".into());
    }
    match text {
        "*" => Ok(text.to_owned()),
        weak if weak.starts_with("W/") => Err("a weak tag never matches".into()),
        _ => Ok(format!("\"{bare}\"")),
    }
}
