//! The revisions that outlive the process: a journal of what each one changed.
//!
//! A directory has one file per revision with its changes, `000000042.json`, and now and then one with all objects as
//! they are after a revision, `000000064.layers.json`. `000000042.confirmed.json` says that a revision which waited for
//! it was confirmed: a file of its own, so that a confirmation changes nothing that is safe already. Each file has a
//! checksum of its content, and the record of a revision has the checksum of the one that it follows; so the
//! files make a chain, of which a reader takes what is whole from a beginning on. What comes behind the first thing that
//! is not whole is set aside under another name, and never served. A number is used once, even by a revision that was lost.
//!
//! A file is written beside its place, synced, renamed, and its directory is synced. Where the rename or what follows it
//! fails, nobody knows whether a crash would leave the new name or not. Such a file is taken away again before anything else is
//! written: at once where that succeeds, or else by the next change, which is refused as long as that fails. So a
//! change that was refused can come back by a crash as the last one only, never in place of a later one that was
//! acknowledged. To take it away was chosen over refusing all until the directory is read again: one bad moment of a disk does
//! not end changes for good.
//!
//! Nothing is made before the first change. From then on, or from the start where the directory is there, a lock keeps other
//! processes away. Where it cannot be taken since nothing can be written, what is there is read all the same.

mod chain;
mod error;
mod frame;
mod layers;
mod moment;
mod name;
mod open;
mod record;
mod text;
mod tidy;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use self::error::StoreError;
pub(crate) use self::frame::{Unframed, frame, hex, unframe, unhex};
pub(crate) use self::layers::Layers;
pub(crate) use self::layers::{Entry, Layer, ObjectChange};
pub(crate) use self::record::{Confirmation, Record, What};

use self::frame::Checksum;
use self::name::{Listed, Name};
use self::text::{Head, TooMuch, to_confirmation, to_record};
use crate::durable::{Disk, make_dirs, remove, set_aside, stage};

/// The directory, in that of the state.
const DIR: &str = "revisions";
const LOCK: &str = "lock";
/// A file with more bytes is neither written nor read.
const LARGEST: u64 = 256 << 20;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// So many revisions at the least. Twice as many again as lie between checkpoints may be there too.
    pub(crate) history: usize,
    /// So many revisions lie between two files with all objects.
    pub(crate) between: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { history: 256, between: 64 }
    }
}

/// The journal. One thread at a time writes to it.
pub(crate) struct Store<D: Disk> {
    disk: D,
    dir: PathBuf,
    keep: Keep,
    lock: Option<D::Lock>,
    /// The directory itself is safe on the disk.
    is_settled: bool,
    /// What the directory had when it was read.
    listed: Vec<Listed>,
    /// All that are whole.
    files: BTreeSet<Name>,
    /// What must go before anything is written.
    unwanted: Vec<Unwanted>,
    highest: u64,
    /// The revision from whose layers all that are kept can be had.
    base: u64,
    head: Head,
    /// After the last revision, also where that is pending.
    layers: Layers,
    pending: Option<u64>,
}

#[derive(Clone, Debug)]
enum Unwanted {
    /// A part of what was refused.
    Refused(PathBuf),
    /// A file that is not whole, or does not follow what is.
    Lost(PathBuf),
}

impl<D: Disk> Store<D> {
    /// A number that no revision has had.
    pub(crate) const fn next_number(&self) -> u64 {
        self.highest.saturating_add(1)
    }

    /// The number of the last revision, which the next one follows; 0 before the first.
    pub(crate) const fn head(&self) -> u64 {
        self.head.number
    }

    /// All objects after the last revision, also where that is pending.
    pub(crate) const fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Keeps other processes away, before anything else is written that belongs to the revisions: secrets are saved
    /// before the revision that names them.
    ///
    /// # Errors
    /// Another process uses the directory or has used it since it was read, or it cannot be made or locked.
    pub(crate) fn hold(&mut self) -> Result<(), StoreError> {
        if self.lock.is_none() {
            make_dirs(&self.disk, &self.dir).map_err(StoreError::of(&self.dir))?;
            let path = self.dir.join(LOCK);
            let lock = self.disk.lock(&path).map_err(StoreError::of(&path))?;
            let lock = lock.ok_or_else(|| StoreError::InUse { dir: self.dir.clone() })?;
            if open::listed(&self.disk, &self.dir)?.unwrap_or_default() != self.listed {
                return Err(StoreError::InUse { dir: self.dir.clone() });
            }
            self.lock = Some(lock);
        }
        if !self.is_settled {
            self.settle().map_err(StoreError::of(&self.dir))?;
            self.is_settled = true;
        }
        Ok(())
    }

    /// Keeps a revision. It is safe on the disk then; where it is to be confirmed, it is pending.
    ///
    /// # Errors
    /// It is not kept, and what was there before still is. It may come back by a crash as long as nothing else has been
    /// kept.
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), StoreError> {
        self.check_turn(record)?;
        self.make_ready()?;
        let name = Name::record(record.number);
        let body = to_record(record, self.head).map_err(self.too_much(name))?;
        let checksum = self.write(name, &body)?;
        self.head = Head { number: record.number, checksum };
        self.layers.apply(&record.changes);
        self.pending = record.confirm_until.map(|_| record.number);
        Ok(())
    }

    /// Keeps that the pending revision is confirmed. That is safe on the disk then.
    ///
    /// # Errors
    /// It is pending as before. It may be confirmed by a crash as long as nothing else has been kept. Where another
    /// revision is pending, or none, nothing is done.
    pub(crate) fn confirm(&mut self, number: u64, confirmation: &Confirmation) -> Result<(), StoreError> {
        if self.pending != Some(number) {
            return Err(StoreError::OutOfTurn { number, head: self.head.number });
        }
        self.make_ready()?;
        let name = Name::confirmation(number);
        let body = to_confirmation(self.head, confirmation).map_err(self.too_much(name))?;
        self.write(name, &body)?;
        self.pending = None;
        Ok(())
    }

    /// Each revision follows the last one, has a number of its own, and finds no other one pending unless it reverts
    /// that.
    fn check_turn(&self, record: &Record) -> Result<(), StoreError> {
        let follows = record.parent == self.head.number && record.number > self.highest;
        let is_free = match (self.pending, &record.what) {
            (None, _) => true,
            (Some(pending), What::Reverted { number, .. }) => *number == pending,
            (Some(_), _) => false,
        };
        if follows && is_free {
            return Ok(());
        }
        Err(StoreError::OutOfTurn { number: record.number, head: self.head.number })
    }

    fn make_ready(&mut self) -> Result<(), StoreError> {
        self.hold()?;
        self.clear().map_err(StoreError::of(&self.dir))
    }

    fn write(&mut self, name: Name, body: &[u8]) -> Result<Checksum, StoreError> {
        let path = self.path(name);
        let (content, checksum) = frame(body);
        if content.len() as u64 > LARGEST {
            return Err(StoreError::TooMuch { path });
        }
        let next = stage(&self.disk, &path, &content).map_err(StoreError::of(&path))?;
        self.highest = self.highest.max(name.number);
        let renamed = self.disk.rename(&next, &path).and_then(|()| self.disk.sync_dir(&self.dir));
        if let Err(error) = renamed {
            self.unwanted.extend([Unwanted::Refused(next), Unwanted::Refused(path.clone())]);
            // Where this fails, it is tried again before anything else is written.
            let _ = self.clear();
            return Err(StoreError::of(&path)(error));
        }
        self.files.insert(name);
        Ok(checksum)
    }

    /// Takes away what must not be there.
    fn clear(&mut self) -> io::Result<()> {
        if self.unwanted.is_empty() {
            return Ok(());
        }
        for unwanted in &self.unwanted {
            match unwanted {
                Unwanted::Refused(path) => remove(&self.disk, path)?,
                Unwanted::Lost(path) => match set_aside(&self.disk, path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
            }
        }
        self.disk.sync_dir(&self.dir)?;
        self.unwanted.clear();
        Ok(())
    }

    /// Makes sure of the directory, and of those above it: whoever made one of them may not have come that far.
    fn settle(&self) -> io::Result<()> {
        for (height, dir) in self.dir.ancestors().skip(1).enumerate() {
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            match self.disk.sync_dir(dir) {
                // Those above that of the state may be somebody else's.
                Err(error) if height == 0 || error.kind() != io::ErrorKind::PermissionDenied => {
                    return Err(error);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn too_much(&self, name: Name) -> impl FnOnce(TooMuch) -> StoreError + use<D> {
        let path = self.path(name);
        |_| StoreError::TooMuch { path }
    }

    fn path(&self, name: Name) -> PathBuf {
        self.dir.join(name.to_string())
    }
}

#[cfg(test)]
mod tests;
