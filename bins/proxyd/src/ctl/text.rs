//! Text from elsewhere on the way to a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// A text that cannot steer a terminal: control characters, and those that are invisible or change the direction of writing,
/// are escaped.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// The same for JSON that is laid out over lines: what is escaped stands inside of strings, and is escaped as JSON does it.
pub(super) fn plain_json(json: &str) -> Cow<'_, str> {
    let must = |c: char| c != '\n' && steers(c);
    if !json.chars().any(must) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if !must(c) {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Nothing fails to be written into a text.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    Cow::Owned(escaped)
}

/// A text of at most so many characters; what is cut off is marked.
pub(super) fn fit(text: &str, width: usize) -> Cow<'_, str> {
    if text.chars().nth(width).is_none() {
        return Cow::Borrowed(text);
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        cut.push('…');
    }
    Cow::Owned(cut)
}

/// How many columns a text takes that was made [`plain`].
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;
