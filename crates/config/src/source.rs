//! The text that a document was read from.

use std::fmt;

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

/// A place and how many characters from there on are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) place: Place,
    pub(crate) width: u32,
}

/// A file's name, its text, and where its lines start.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    text: String,
    starts: Vec<usize>,
}

/// How many characters of a line a snippet shows.
const SNIPPET_WIDTH: usize = 100;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text: text.into(), starts }
    }

    fn line(&self, line: u32) -> &str {
        let start = self.starts.get(line.saturating_sub(1) as usize).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
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
        let carets = "^".repeat((spot.width as usize).clamp(1, left.max(1)));
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
