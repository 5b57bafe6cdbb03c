//! Checkpoints, and the end of what is old.

use std::io;

use super::frame::unframe;
use super::name::{Name, Part};
use super::text::to_layers;
use super::{LARGEST, Store, StoreError, Unwanted};
use crate::durable::{Disk, Found, remove};

impl<D: Disk> Store<D> {
    /// Writes all objects to one file where that is due, and removes what no kept revision needs any more. Gives the
    /// number of the revision that the oldest kept one follows.
    ///
    /// Nothing of this need succeed for a change to be safe, so it is for after the answer: all objects are many
    /// bytes. Where it fails, more is kept than need be until it is called again.
    ///
    /// # Errors
    /// A file cannot be written or removed.
    pub(crate) fn tidy(&mut self) -> Result<u64, StoreError> {
        self.make_ready()?;
        if self.is_checkpoint_due() {
            let name = Name::layers(self.head.number);
            let body = to_layers(&self.layers, self.head).map_err(self.too_much(name))?;
            self.write(name, &body)?;
        }
        if let Some(base) = self.next_base() {
            self.check(Name::layers(base))?;
            self.base = base;
        }
        self.prune()?;
        Ok(self.base)
    }

    /// A revision that may be taken back is in no checkpoint.
    fn is_checkpoint_due(&self) -> bool {
        let last = self.checkpoints().next_back();
        let since = self.count_after(last.unwrap_or(0));
        self.pending.is_none() && since > 0 && (last.is_none() || since >= self.keep.between)
    }

    /// The last checkpoint with enough revisions behind it. It is never the last of all: where one is damaged, another one
    /// is needed.
    fn next_base(&self) -> Option<u64> {
        let last = self.checkpoints().next_back()?;
        let is_enough = |base: &u64| *base < last && self.count_after(*base) >= self.keep.history;
        self.checkpoints().rev().find(is_enough).filter(|base| *base > self.base)
    }

    /// What is older goes once the checkpoint that takes its place has been read.
    fn check(&mut self, name: Name) -> Result<(), StoreError> {
        let path = self.path(name);
        match self.disk.read(&path, LARGEST).map_err(StoreError::of(&path))? {
            Found::Bytes(content) if unframe(&content).is_ok() => Ok(()),
            _ => {
                self.files.remove(&name);
                self.unwanted.push(Unwanted::Lost(path.clone()));
                Err(StoreError::Corrupt { path })
            }
        }
    }

    fn prune(&mut self) -> Result<(), StoreError> {
        let is_old = |name: &Name| match name.part {
            Part::Layers => name.number < self.base,
            Part::Record | Part::Confirmation => name.number <= self.base,
        };
        let old: Vec<_> = self.files.iter().copied().take_while(|name| name.number <= self.base).collect();
        for name in old.into_iter().filter(is_old).collect::<Vec<_>>() {
            let path = self.path(name);
            // Names that a crash brings back are older than what is kept, and go another time.
            remove(&self.disk, &path).map_err(|error: io::Error| StoreError::of(&path)(error))?;
            self.files.remove(&name);
        }
        Ok(())
    }

    fn checkpoints(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.files.iter().filter(|name| name.part == Part::Layers).map(|name| name.number)
    }

    fn count_after(&self, number: u64) -> usize {
        let after = Name::layers(number);
        self.files.range(after..).filter(|name| name.part == Part::Record).count()
    }
}
