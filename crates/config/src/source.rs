//! The text that a document was read from.

mod keys;

use std::{borrow::Cow, collections::HashMap, fmt, ops::Range};
use zeroize::Zeroizing;

pub(crate) use keys::without as without_keys;

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// From where to where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) place: Place,
    /// Behind its last character.
    pub(crate) end: Place,
}

impl Spot {
    /// That of what stands in no text.
    pub(crate) const NOWHERE: Self =
        Self { place: Place { line: 0, column: 0 }, end: Place { line: 0, column: 0 } };

    /// Whether it is anywhere.
    pub(crate) fn is_known(self) -> bool {
        self.place.line != 0
    }

    /// One character.
    pub(crate) fn point(place: Place) -> Self {
        Self { place, end: Place { column: place.column.saturating_add(1), ..place } }
    }

    /// How many characters of its first line it takes, as far as that is known.
    fn width(self) -> usize {
        if self.place.line == self.end.line {
            self.end.column.saturating_sub(self.place.column) as usize
        } else {
            1
        }
    }
}

/// A file's name, its text, and where its lines start.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    /// May hold secrets.
    text: Zeroizing<String>,
    starts: Vec<usize>,
    /// Private keys in PEM, wherever they stand, also where the text around them is no YAML.
    keys: Vec<Range<usize>>,
    /// Lines that are shown otherwise than they are.
    hidden: HashMap<u32, String>,
}

/// How many characters of a line a snippet shows.
const SNIPPET_WIDTH: usize = 100;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let keys = keys::find(text);
        Self { name: name.into(), text: Zeroizing::new(text.into()), starts, keys, hidden: HashMap::new() }
    }

    fn line(&self, line: u32) -> Cow<'_, str> {
        if let Some(hidden) = self.hidden.get(&line) {
            return hidden.into();
        }
        let start = self.starts.get(line.saturating_sub(1) as usize).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let shown = rest.lines().next().unwrap_or_default();
        keys::masked(shown, start, &self.keys)
    }

    /// Makes a value unreadable in snippets.
    pub(crate) fn hide(&mut self, spot: Spot) {
        for line in spot.place.line..=spot.end.line {
            let from = if line == spot.place.line { spot.place.column } else { 1 };
            let to = if line == spot.end.line { spot.end.column } else { u32::MAX };
            let shown = self.line(line);
            let indent = shown.chars().take_while(|c| c.is_whitespace()).count();
            // A block of text ends behind the indent of what follows, which is not part of it.
            if line != spot.place.line && to as usize <= indent + 1 {
                continue;
            }
            let inside = |column: u32| (from..to).contains(&column);
            let masked = |(column, c)| if inside(column) { '*' } else { c };
            let hidden: String = (1..).zip(shown.chars()).map(masked).collect();
            self.hidden.insert(line, hidden);
        }
    }

    /// The line of a spot with its number, and carets under what is meant.
    pub(crate) fn snippet(&self, spot: Spot) -> String {
        let number = spot.place.line.to_string();
        let margin = " ".repeat(number.len());
        let chars: Vec<char> = self.line(spot.place.line).chars().map(plain).collect();
        let at = (spot.place.column.saturating_sub(1) as usize).min(chars.len());
        // A long line is shown around the spot.
        let from = if chars.len() > SNIPPET_WIDTH { at.saturating_sub(SNIPPET_WIDTH / 2) } else { 0 };
        let shown: String = chars.iter().skip(from).take(SNIPPET_WIDTH).collect();
        let left = shown.chars().count().saturating_sub(at - from);
        let carets = "^".repeat(spot.width().clamp(1, left.max(1)));
        let indent = " ".repeat(at - from);
        format!("{margin} |\n{number} | {}\n{margin} | {indent}{carets}", shown.trim_end())
    }
}

/// A character that takes one column and cannot steer a terminal.
fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests;
