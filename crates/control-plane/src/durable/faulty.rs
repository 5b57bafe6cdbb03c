//! A disk in memory that fails on demand, and forgets in a crash whatever it was not made to keep.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use fastrand::Rng;
use rustix::io::Errno;

use super::disk::{Disk, Found};

/// What goes wrong with an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// It fails with this error, possibly after some or all of it was done. A sync that fails loses what it was
    /// for: another one succeeds and makes nothing safe.
    Fails(Errno),
    /// Some or all of it is done, and nothing after it.
    Crash,
}

/// What is left after the end of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left {
    /// All that it did: it was killed.
    All,
    /// What was synced, and any part of the rest: the power failed.
    Any,
    /// What was synced and no more.
    Synced,
}

/// Each clone is the same disk.
#[derive(Clone)]
pub(crate) struct FaultyDisk(Arc<Mutex<State>>);

/// A lock of it, which ends with the process that holds it.
pub(crate) struct FaultyLock {
    disk: FaultyDisk,
    path: PathBuf,
    process: usize,
}

/// A file that is open in a process.
pub(crate) struct FaultyFile(usize);

#[derive(Clone, Copy)]
enum Node {
    Dir,
    File(usize),
}

enum Change {
    Put(PathBuf, Node),
    Take(PathBuf),
    Move(PathBuf, PathBuf, Node),
}

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
    is_lost: bool,
}

struct State {
    rng: Rng,
    names: BTreeMap<PathBuf, Node>,
    synced: BTreeMap<PathBuf, Node>,
    changes: Vec<Change>,
    contents: Vec<Content>,
    locks: BTreeSet<PathBuf>,
    process: usize,
    is_crashed: bool,
    operations: usize,
    troubles: BTreeMap<usize, Trouble>,
    always: Option<Errno>,
}

/// How far an operation comes.
enum Far {
    All,
    Some(io::Error),
    None(io::Error),
}

impl FaultyDisk {
    /// An empty disk. The seed decides what is done of an operation that fails, and what a crash leaves.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            rng: Rng::with_seed(seed),
            names: BTreeMap::from([("/".into(), Node::Dir)]),
            synced: BTreeMap::from([("/".into(), Node::Dir)]),
            changes: Vec::new(),
            contents: Vec::new(),
            locks: BTreeSet::new(),
            process: 0,
            is_crashed: false,
            operations: 0,
            troubles: BTreeMap::new(),
            always: None,
        })))
    }

    /// How many operations there have been that change something.
    pub(crate) fn operations(&self) -> usize {
        self.state().operations
    }

    /// Something goes wrong with the operation after so many.
    pub(crate) fn trouble_after(&self, operations: usize, trouble: Trouble) {
        let mut state = self.state();
        let number = state.operations + operations + 1;
        state.troubles.insert(number, trouble);
    }

    /// From now on every operation that changes something fails, or none does.
    pub(crate) fn refuse(&self, error: Option<Errno>) {
        let mut state = self.state();
        state.always = error;
        state.troubles.clear();
    }

    pub(crate) fn is_crashed(&self) -> bool {
        self.state().is_crashed
    }

    /// The process ends, and another one finds what is left.
    pub(crate) fn restart(&self, left: Left) {
        let mut state = self.state();
        state.process += 1;
        state.is_crashed = false;
        state.locks.clear();
        state.troubles.clear();
        if !matches!(left, Left::All) {
            state.lose(matches!(left, Left::Any));
        }
    }

    /// Everything is on the disk for good.
    pub(crate) fn settle(&self) {
        let mut state = self.state();
        state.changes.clear();
        state.synced = state.names.clone();
        for content in &mut state.contents {
            content.synced = content.bytes.clone();
        }
    }

    /// Changes what a file says, and makes sure of it.
    pub(crate) fn change(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let Some(Node::File(file)) = state.names.get(path).copied() else { panic!("no {}", path.display()) };
        change(&mut state.contents[file].bytes);
        state.contents[file].synced = state.contents[file].bytes.clone();
    }

    /// A copy, on which nothing is locked.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new(0);
        let (from, mut to) = (self.state(), copy.state());
        to.names = from.names.clone();
        let contents = from
            .contents
            .iter()
            .map(|content| Content { bytes: content.bytes.clone(), ..Content::default() });
        to.contents = contents.collect();
        drop(to);
        copy.settle();
        copy
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn begin(&mut self) -> Far {
        let crashed = || io::Error::other("crashed");
        if self.is_crashed {
            return Far::None(crashed());
        }
        self.operations += 1;
        let error = match self.troubles.remove(&self.operations) {
            Some(Trouble::Crash) => {
                self.is_crashed = true;
                crashed()
            }
            Some(Trouble::Fails(error)) => error.into(),
            None => match self.always {
                Some(error) => return Far::None(error.into()),
                None => return Far::All,
            },
        };
        if self.rng.bool() { Far::Some(error) } else { Far::None(error) }
    }

    /// An operation on names, which is done or not.
    fn change(&mut self, change: Change) -> io::Result<()> {
        let outcome = match self.begin() {
            Far::All => Ok(()),
            Far::Some(error) => Err(error),
            Far::None(error) => return Err(error),
        };
        change.apply(&mut self.names);
        self.changes.push(change);
        outcome
    }

    fn lose(&mut self, is_any: bool) {
        for change in std::mem::take(&mut self.changes) {
            if is_any && self.rng.bool() {
                change.apply(&mut self.synced);
            }
        }
        self.names = self.synced.clone();
        let names = self.names.clone();
        let is_reached = |path: &Path| path.ancestors().all(|above| names.contains_key(above));
        self.names.retain(|path, _| is_reached(path));
        self.synced = self.names.clone();
        for content in &mut self.contents {
            if content.bytes != content.synced {
                let torn = content.bytes.len().min(self.rng.usize(..=content.bytes.len()));
                let mut bytes = content.bytes[..torn].to_vec();
                if self.rng.bool() {
                    // Space that was given to the file, and never written.
                    bytes.resize(content.bytes.len(), 0);
                }
                content.bytes = if is_any { bytes } else { content.synced.clone() };
                content.synced = content.bytes.clone();
            }
        }
    }

    fn must_have(&self, path: &Path) -> io::Result<Node> {
        self.names.get(path).copied().ok_or_else(|| Errno::NOENT.into())
    }
}

impl Change {
    fn dir(&self) -> Option<&Path> {
        match self {
            Self::Put(path, _) | Self::Take(path) | Self::Move(_, path, _) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Put(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Take(path) => drop(names.remove(path)),
            Self::Move(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

impl Disk for FaultyDisk {
    type File = FaultyFile;
    type Lock = FaultyLock;

    fn create_new(&self, path: &Path) -> io::Result<FaultyFile> {
        let mut state = self.state();
        state.must_have(path.parent().unwrap())?;
        if state.names.contains_key(path) {
            return Err(Errno::EXIST.into());
        }
        let file = state.contents.len();
        state.contents.push(Content::default());
        state.change(Change::Put(path.to_owned(), Node::File(file)))?;
        Ok(FaultyFile(file))
    }

    fn write(&self, file: &mut FaultyFile, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let (written, outcome) = match state.begin() {
            Far::All => (bytes.len(), Ok(())),
            Far::Some(error) => (state.rng.usize(..=bytes.len()), Err(error)),
            Far::None(error) => (0, Err(error)),
        };
        state.contents[file.0].bytes.extend_from_slice(&bytes[..written]);
        outcome
    }

    fn sync(&self, file: &FaultyFile) -> io::Result<()> {
        let mut state = self.state();
        let far = state.begin();
        let content = &mut state.contents[file.0];
        let outcome = match far {
            Far::All => Ok(()),
            Far::Some(error) => Err(error),
            Far::None(error) => {
                content.is_lost = true;
                Err(error)
            }
        };
        if !content.is_lost {
            content.synced = content.bytes.clone();
        }
        outcome
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let node = state.must_have(from)?;
        state.change(Change::Move(from.to_owned(), to.to_owned(), node))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.must_have(dir)?;
        let outcome = match state.begin() {
            Far::All => Ok(()),
            Far::Some(error) => Err(error),
            Far::None(error) => return Err(error),
        };
        let (done, left) =
            std::mem::take(&mut state.changes).into_iter().partition(|change| change.dir() == Some(dir));
        state.changes = left;
        let done: Vec<Change> = done;
        done.iter().for_each(|change| change.apply(&mut state.synced));
        outcome
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        match state.must_have(path)? {
            Node::File(_) => state.change(Change::Take(path.to_owned())),
            Node::Dir => Err(Errno::ISDIR.into()),
        }
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Found> {
        let state = self.state();
        Ok(match state.must_have(path)? {
            Node::Dir => Found::NotAFile,
            Node::File(file) if state.contents[file].bytes.len() as u64 > most => Found::TooLarge,
            Node::File(file) => Found::Bytes(state.contents[file].bytes.clone()),
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let state = self.state();
        state.must_have(dir)?;
        let names = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(names.filter_map(|path| Some(path.file_name()?.to_owned())).collect())
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.must_have(dir.parent().unwrap())?;
        if state.names.contains_key(dir) {
            return Err(Errno::EXIST.into());
        }
        state.change(Change::Put(dir.to_owned(), Node::Dir))
    }

    fn lock(&self, path: &Path) -> io::Result<Option<FaultyLock>> {
        let mut state = self.state();
        state.must_have(path.parent().unwrap())?;
        match state.names.get(path) {
            Some(_) => match state.begin() {
                Far::All => {}
                Far::Some(error) | Far::None(error) => return Err(error),
            },
            None => {
                let file = state.contents.len();
                state.contents.push(Content::default());
                state.change(Change::Put(path.to_owned(), Node::File(file)))?;
            }
        }
        let is_free = state.locks.insert(path.to_owned());
        let lock = || FaultyLock { disk: self.clone(), path: path.to_owned(), process: state.process };
        Ok(is_free.then(lock))
    }
}

impl Drop for FaultyLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.process == self.process {
            state.locks.remove(&self.path);
        }
    }
}
