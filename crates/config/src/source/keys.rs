//! Private keys in PEM (RFC 7468), which no snippet and no message shows.

use std::{borrow::Cow, ops::Range};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// From where to where private keys stand; one without an end goes on to that of the text.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = position(text, BEGIN, from) {
        from = start + BEGIN.len();
        let Some(label_end) = position(text, DASHES, from) else { break };
        if !text.get(from..label_end).is_some_and(|label| label.ends_with("PRIVATE KEY")) {
            continue;
        }
        let end = position(text, END, label_end).and_then(|end| position(text, DASHES, end + END.len()));
        from = end.map_or(text.len(), |end| end + DASHES.len());
        found.push(start..from);
    }
    found
}

/// A text with stars in place of keys.
pub(crate) fn without(text: String) -> String {
    let keys = find(&text);
    if keys.is_empty() { text } else { masked(&text, 0, &keys).into_owned() }
}

fn position(text: &str, sought: &str, from: usize) -> Option<usize> {
    text.get(from..)?.find(sought).map(|at| from + at)
}

/// A line that begins at `start` of the text, with stars in place of keys.
pub(super) fn masked<'l>(line: &'l str, start: usize, keys: &[Range<usize>]) -> Cow<'l, str> {
    let end = start + line.len();
    // They are in order.
    let first = keys.partition_point(|key| key.end <= start);
    let inside: Vec<_> = keys.iter().skip(first).take_while(|key| key.start < end).collect();
    if inside.is_empty() {
        return line.into();
    }
    let is_hidden = |at: usize| inside.iter().any(|key| key.contains(&(start + at)));
    line.char_indices().map(|(at, c)| if is_hidden(at) { '*' } else { c }).collect::<String>().into()
}

#[cfg(test)]
mod tests;
