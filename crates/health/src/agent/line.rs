//! Reading an agent's line.

use super::{Admin, Operational, Report};

/// No more of a line is read.
const LONGEST: usize = 256;

/// HAProxy takes more than this as this.
const MOST_PERCENT: u32 = 25_600;

const MOST_WEIGHT: u32 = 65_535;

/// Reads what an agent wrote: the first line of it, or its first 256 bytes.
///
/// Words are separated by spaces, tabs, commas and carriage returns, in any case; those that mean nothing
/// are passed over, and of two that contradict each other the later one counts. Everything after the first
/// `#` is the reason.
///
/// ```
/// let report = health::agent::parse(b"up 75%, maxconn:30\n");
/// assert_eq!((report.weight_percent, report.max_connections), (Some(75), Some(30)));
/// assert_eq!(health::agent::parse(b"down # disk full\r\n").reason.as_deref(), Some("disk full"));
/// ```
#[must_use]
pub fn parse(line: &[u8]) -> Report {
    let bounded = line.get(..LONGEST).unwrap_or(line);
    let line = bounded.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut parts = line.splitn(2, |byte| *byte == b'#');
    let mut report = Report::default();
    let words = parts.next().unwrap_or_default();
    for word in words.split(|byte| matches!(byte, b' ' | b'\t' | b',' | b'\r')) {
        report.read(&word.to_ascii_lowercase());
    }
    report.reason = parts.next().and_then(printable);
    report
}

impl Report {
    fn read(&mut self, word: &[u8]) {
        match word {
            b"up" => self.operational = Some(Operational::Up),
            b"down" => self.operational = Some(Operational::Down),
            b"fail" => self.operational = Some(Operational::Fail),
            b"stopped" => self.operational = Some(Operational::Stopped),
            b"ready" => self.admin = Some(Admin::Ready),
            b"drain" => self.admin = Some(Admin::Drain),
            b"maint" => self.admin = Some(Admin::Maint),
            _ => self.read_number(word),
        }
    }

    fn read_number(&mut self, word: &[u8]) {
        if let Some(most) = word.strip_prefix(b"maxconn:") {
            self.max_connections = number(most).or(self.max_connections);
            return;
        }
        let weight = word.strip_prefix(b"weight:");
        if let Some(percent) = weight.unwrap_or(word).strip_suffix(b"%") {
            if let Some(percent) = number(percent) {
                (self.weight_percent, self.weight) = (Some(percent.min(MOST_PERCENT)), None);
            }
        } else if let Some(weight) = weight.and_then(number).filter(|weight| *weight <= MOST_WEIGHT) {
            (self.weight_percent, self.weight) = (None, Some(weight));
        }
    }
}

/// A number of digits alone, which `str::parse` is not content with.
fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The text without what could do harm in a terminal or a log; `None` if nothing is left.
fn printable(text: &[u8]) -> Option<String> {
    let text = text.trim_ascii();
    let is_printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let printed = text.iter().map(|&byte| if is_printable(byte) { char::from(byte) } else { '?' });
    Some(printed.collect()).filter(|text: &String| !text.is_empty())
}
