//! The secrets of revisions, kept apart from them.
//!
//! Where a revision has a secret, it says a marker: `secret:` and 32 hexadecimal digits, an HMAC-SHA256 of the secret
//! under a random key of this installation, cut to 128 bits. The same secret has the same marker, so that changes can be told
//! from what stayed; without the key nobody can try what a marker may stand for. Key and secrets are in one file,
//! `secrets.json`, for its owner alone.

mod marker;
mod text;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::path::Path;

use aws_lc_rs::hmac;
use config::Secret;
use zeroize::Zeroizing;

pub(crate) use self::marker::Marker;

use crate::durable::{Disk, DurableFile, Found};
use crate::store::{StoreError, Unframed, frame, unframe};

const NAME: &str = "secrets.json";
/// A file with more bytes is neither written nor read.
const LARGEST: u64 = 64 << 20;

/// The random key of an installation.
type Key = Zeroizing<[u8; 32]>;

/// Secrets by their markers.
pub(crate) struct Secrets<D: Disk> {
    /// `None` where nothing outlives the process.
    file: Option<DurableFile<D>>,
    /// What is in the place of the file is none of ours and must go.
    is_in_the_way: bool,
    key: Key,
    known: HashMap<Marker, Secret>,
    unsaved: HashSet<Marker>,
    /// The file has some that are not known any more.
    has_fewer: bool,
}

/// Secrets, and what was wrong with their file.
pub(crate) struct OpenedSecrets<D: Disk> {
    /// Where they are.
    pub(crate) secrets: Secrets<D>,
    /// In a sentence for the log: all earlier secrets are lost then.
    pub(crate) problem: Option<String>,
}

impl<D: Disk> Secrets<D> {
    /// Reads the secrets in the directory of the state. Where there are none, nothing is made. Nobody else may use them:
    /// the lock of the revisions is held.
    ///
    /// # Errors
    /// The file cannot be read, or a later version of this program has written it. A damaged one is no error: it is set
    /// aside and reported.
    pub(crate) fn open(state_dir: &Path, disk: D) -> Result<OpenedSecrets<D>, StoreError> {
        let file = DurableFile::on(disk, state_dir, NAME);
        let mut secrets = Self::new(Some(file), new_key()?);
        let problem = secrets.read()?;
        Ok(OpenedSecrets { secrets, problem })
    }

    /// Those in the directory of the state, for whoever only looks: nothing is changed there. None where the file is damaged or
    /// missing.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn peek(state_dir: &Path, disk: D) -> Result<Self, StoreError> {
        let file = DurableFile::on(disk, state_dir, NAME);
        let path = file.path();
        let content = match file.find(LARGEST).map_err(StoreError::of(path))? {
            Some(Found::Bytes(content)) => Zeroizing::new(content),
            _ => Zeroizing::default(),
        };
        let read = unframe(&content).ok().and_then(|(body, _)| text::read(body));
        let (key, known) = match read {
            Some(read) => read,
            None => (new_key()?, HashMap::new()),
        };
        Ok(Self { known, ..Self::new(None, key) })
    }

    /// Secrets that end with the process.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::new(None, new_key()?))
    }

    /// The marker of a secret, by which it is found from now on. It is not saved yet.
    pub(crate) fn seal(&mut self, secret: &Secret) -> Marker {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.as_slice());
        let marker = Marker::cut(hmac::sign(&key, secret.expose().as_bytes()).as_ref());
        if let Entry::Vacant(place) = self.known.entry(marker) {
            place.insert(secret.clone());
            self.unsaved.insert(marker);
        }
        marker
    }

    /// The secret that a marker stands for; `None` where it is not known, or lost.
    pub(crate) fn get(&self, marker: &Marker) -> Option<&Secret> {
        self.known.get(marker)
    }

    /// Makes all of them safe on the disk: before a revision is kept that names them. Where they are, nothing is done.
    ///
    /// # Errors
    /// They are not safe. Those that were saved before still are.
    pub(crate) fn save(&mut self) -> Result<(), StoreError> {
        if let Some(file) = self.file.as_ref().filter(|_| self.has_fewer || !self.unsaved.is_empty()) {
            let path = file.path();
            if self.is_in_the_way {
                match file.set_aside() {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(StoreError::of(path)(error));
                    }
                    _ => self.is_in_the_way = false,
                }
            }
            let content = Zeroizing::new(frame(&text::write(&self.key, &self.known)).0);
            if content.len() as u64 > LARGEST {
                return Err(StoreError::TooMuch { path: path.to_owned() });
            }
            file.write(&content).map_err(StoreError::of(path))?;
        }
        self.unsaved.clear();
        self.has_fewer = false;
        Ok(())
    }

    /// How many are known.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets what nothing names. The file follows with the next [`save`](Self::save).
    pub(crate) fn retain(&mut self, named: &HashSet<Marker>) {
        let saved = |secrets: &Self| secrets.known.len() - secrets.unsaved.len();
        let before = saved(self);
        self.known.retain(|marker, _| named.contains(marker));
        self.unsaved.retain(|marker| named.contains(marker));
        self.has_fewer |= saved(self) < before;
    }

    fn new(file: Option<DurableFile<D>>, key: Key) -> Self {
        Self {
            file,
            is_in_the_way: false,
            key,
            known: HashMap::new(),
            unsaved: HashSet::new(),
            has_fewer: false,
        }
    }

    fn read(&mut self) -> Result<Option<String>, StoreError> {
        let Some(file) = &self.file else { return Ok(None) };
        file.remove_unfinished();
        let path = file.path();
        let content = match file.find(LARGEST).map_err(StoreError::of(path))? {
            None => return Ok(None),
            Some(Found::Bytes(content)) => Zeroizing::new(content),
            Some(Found::TooLarge | Found::NotAFile) => Zeroizing::default(),
        };
        let read = match unframe(&content) {
            Ok((body, _)) => text::read(body),
            Err(Unframed::Later(format)) => {
                return Err(StoreError::Later { path: path.to_owned(), format });
            }
            Err(Unframed::Damaged) => None,
        };
        if let Some((key, known)) = read {
            (self.key, self.known) = (key, known);
            return Ok(None);
        }
        let outcome = match file.set_aside() {
            Ok(aside) => format!("it is kept as {}", aside.display()),
            Err(error) => format!("it cannot be set aside now: {error}"),
        };
        let problem = format!("{} is damaged, and the secrets in it are lost; {outcome}", path.display());
        self.is_in_the_way = true;
        Ok(Some(problem))
    }
}

impl<D: Disk> fmt::Debug for Secrets<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (known, unsaved) = (self.known.len(), self.unsaved.len());
        f.debug_struct("Secrets").field("known", &known).field("unsaved", &unsaved).finish_non_exhaustive()
    }
}

fn new_key() -> Result<Key, StoreError> {
    let mut key = Key::default();
    aws_lc_rs::rand::fill(key.as_mut_slice()).map_err(|_| StoreError::NoRandomBytes)?;
    Ok(key)
}

#[cfg(test)]
mod tests;
