//! What files of revisions say, as JSON.

mod read;
mod write;

pub(super) use self::read::{confirmation, layers, record};
pub(super) use self::write::{to_confirmation, to_layers, to_record};

use super::frame::Checksum;
use super::layers::Layer;
use config::Kind;

/// Deeper or longer than anything that can be read again.
#[derive(Debug)]
pub(super) struct TooMuch;

/// A revision, and which one it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) number: u64,
    /// That of its record; all zeros before the first revision.
    pub(super) checksum: Checksum,
}

impl Head {
    /// What the first revision follows.
    pub(super) const fn none() -> Self {
        Self { number: 0, checksum: Checksum::NONE }
    }
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::Section, "section"),
    (Kind::Certificate, "certificate"),
    (Kind::Upstream, "upstream"),
    (Kind::Route, "route"),
];

const LAYERS: [(Layer, &str); 2] = [(Layer::File, "file"), (Layer::Api, "api")];

/// The word for one of a few things.
fn word<T: PartialEq>(words: &[(T, &'static str)], thing: &T) -> &'static str {
    words.iter().find(|(known, _)| known == thing).map_or("", |(_, word)| word)
}

/// The thing that a word stands for.
fn thing<T: Copy>(words: &[(T, &str)], word: &str) -> Option<T> {
    words.iter().find(|(_, known)| *known == word).map(|(thing, _)| *thing)
}

#[cfg(test)]
mod tests;
