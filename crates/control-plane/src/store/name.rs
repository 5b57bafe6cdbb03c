//! What the files of revisions are called.

use std::ffi::OsStr;
use std::fmt;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// What a revision changed.
    Record,
    /// That a revision was confirmed.
    Confirmation,
    /// All objects as they are after a revision.
    Layers,
}

/// A file of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// The revision.
    pub(super) number: u64,
    /// What it holds.
    pub(super) part: Part,
}

/// What one name of the directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listed {
    /// A file of a revision.
    Whole(Name),
    /// One that was never finished.
    Unfinished(Name),
    /// One that was set aside.
    Aside(Name),
}

/// No revision has a higher number: a file that says so is none of ours.
const MOST: u64 = 999_999_999_999_999;

impl Name {
    /// Reads a name of the directory; `None` for what is no file of a revision.
    pub(super) fn read(name: &OsStr) -> Option<Listed> {
        let name = name.to_str()?;
        let (stem, rest) = name.split_once(".json")?;
        let (number, part) = stem.split_once('.').unwrap_or((stem, ""));
        let part = match part {
            "" => Part::Record,
            "confirmed" => Part::Confirmation,
            "layers" => Part::Layers,
            _ => return None,
        };
        let this = Self { number: number.parse().ok().filter(|number| (1..=MOST).contains(number))?, part };
        if !name.starts_with(&this.to_string()) {
            return None;
        }
        match rest {
            "" => Some(Listed::Whole(this)),
            ".next" => Some(Listed::Unfinished(this)),
            _ => rest.starts_with(".corrupt-").then_some(Listed::Aside(this)),
        }
    }

    pub(super) const fn record(number: u64) -> Self {
        Self { number, part: Part::Record }
    }

    pub(super) const fn confirmation(number: u64) -> Self {
        Self { number, part: Part::Confirmation }
    }

    pub(super) const fn layers(number: u64) -> Self {
        Self { number, part: Part::Layers }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Record => "",
            Part::Confirmation => ".confirmed",
            Part::Layers => ".layers",
        };
        write!(f, "{:09}{part}.json", self.number)
    }
}

#[cfg(test)]
mod tests;
