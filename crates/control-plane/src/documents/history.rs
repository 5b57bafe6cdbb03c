//! The revisions that are remembered, and the way back to each.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::changes::Revision;
use crate::store::ObjectChange;

/// Which state of the file the file's layer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileState {
    /// The digest of the text that the layer was read from.
    pub(super) digest: String,
    /// Where somebody went back to a former layer: the digest of the file as it was then. It is passed over until it
    /// changes again.
    pub(super) passed_over: Option<String>,
}

/// A revision with the way back from it.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) revision: Arc<Revision>,
    /// What makes the layers before it of those that it made.
    pub(super) undo: Vec<ObjectChange>,
    /// What the file's layer was read from, once it was accepted.
    pub(super) file: FileState,
}

/// The revisions that are remembered.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// The oldest first; never empty.
    past: VecDeque<Past>,
    most: usize,
}

impl History {
    /// One that begins, and remembers so many.
    pub(super) fn new(most: usize) -> Self {
        Self { past: VecDeque::new(), most: most.max(1) }
    }

    /// Remembers one more, and forgets the oldest where there are too many.
    pub(super) fn push(&mut self, past: Past) {
        self.past.push_back(past);
        while self.past.len() > self.most {
            self.past.pop_front();
        }
    }

    /// The newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Past> {
        self.past.iter().rev()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Past> {
        let index = self.past.binary_search_by_key(&number, |past| past.revision.number).ok()?;
        self.past.get(index)
    }

    /// The newest.
    pub(super) fn last(&self) -> Option<&Past> {
        self.past.back()
    }

    /// Puts what is told of a revision in place of what was.
    pub(super) fn tell(&mut self, revision: Revision) {
        let Ok(index) = self.past.binary_search_by_key(&revision.number, |past| past.revision.number) else {
            return;
        };
        if let Some(past) = self.past.get_mut(index) {
            past.revision = Arc::new(revision);
        }
    }

    /// What the file's layer was read from before a revision.
    pub(super) fn file_before(&self, number: u64) -> Option<FileState> {
        let past = self.newest_first().find(|past| past.revision.number < number)?;
        Some(past.file.clone())
    }

    /// What makes the layers that a revision made of those of the newest, the last word on each object last; and the state of the
    /// file then. `None` where it is not remembered.
    pub(super) fn back_to(&self, number: u64) -> Option<(Vec<&ObjectChange>, FileState)> {
        let file = self.get(number)?.file.clone();
        let later = self.newest_first().take_while(|past| past.revision.number > number);
        Some((later.flat_map(|past| &past.undo).collect(), file))
    }
}

#[cfg(test)]
mod tests;
