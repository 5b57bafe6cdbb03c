//! The seam between what must outlive a crash and the disk that it is written to.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// All of a file.
    Bytes(Vec<u8>),
    /// A file that has more bytes than were asked for.
    TooLarge,
    /// A directory, a link, a pipe: no file.
    NotAFile,
}

/// Operations on files, each of which can fail and none of which is safe before what it wrote was synced.
pub(crate) trait Disk {
    /// A file that is being written.
    type File;
    /// A lock that is held until it is dropped, or its process ends.
    type Lock;

    /// Makes an empty file for its owner alone. One that is there already is an error.
    fn create_new(&self, path: &Path) -> io::Result<Self::File>;
    /// Adds bytes to the end of a file. Where it fails, some of them may be there.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Makes sure of what a file says.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// Gives a file another name, and takes the place of what has that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes sure of which names a directory has.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// What a path leads to, where that is a file of `most` bytes or less.
    fn read(&self, path: &Path, most: u64) -> io::Result<Found>;
    /// The names in a directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// Makes a directory for its owner alone. One that is there already is an error.
    fn make_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the lock that a file stands for; `None` where somebody else holds it. The file is made where it is
    /// missing.
    fn lock(&self, path: &Path) -> io::Result<Option<Self::Lock>>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    type File = File;
    type Lock = File;

    fn create_new(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Found> {
        // To open a pipe would wait for whoever writes to it.
        let kind = fs::symlink_metadata(path)?;
        if !kind.is_file() {
            return Ok(Found::NotAFile);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(kind.len().min(most)).unwrap_or(0));
        File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(if bytes.len() as u64 > most { Found::TooLarge } else { Found::Bytes(bytes) })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<File>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Makes a directory, and those above it, for their owner alone, where they are missing. They are safe then.
///
/// # Errors
/// One of them cannot be made, or not be made sure of.
pub(crate) fn make_dirs(disk: &impl Disk, dir: &Path) -> io::Result<()> {
    match disk.make_dir(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_dirs(disk, above(dir).ok_or(error)?)?;
            match disk.make_dir(dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        Err(error) => return Err(error),
    }
    above(dir).map_or(Ok(()), |above| disk.sync_dir(above))
}

/// Writes all of a file beside the one that it will replace, and makes sure of it.
///
/// # Errors
/// It cannot be written. Nothing of it is left, where the disk allows that.
pub(crate) fn stage(disk: &impl Disk, path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let next = beside(path, "next");
    // One that was not finished is in the way.
    remove(disk, &next)?;
    let mut file = disk.create_new(&next)?;
    let written = disk.write(&mut file, bytes).and_then(|()| disk.sync(&file));
    if let Err(error) = written {
        // It takes space of a disk that may be full.
        let _ = disk.remove(&next);
        return Err(error);
    }
    Ok(next)
}

/// Removes a file where there is one.
///
/// # Errors
/// It is there and cannot be removed.
pub(crate) fn remove(disk: &impl Disk, path: &Path) -> io::Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Gives a file another name, which nothing has yet.
///
/// # Errors
/// It cannot be renamed.
pub(crate) fn set_aside(disk: &impl Disk, path: &Path) -> io::Result<PathBuf> {
    let taken = disk.list(path.parent().unwrap_or(Path::new("/")))?;
    for number in 1_u32.. {
        let aside = beside(path, &format!("corrupt-{number}"));
        if !taken.iter().any(|name| Some(name.as_os_str()) == aside.file_name()) {
            disk.rename(path, &aside)?;
            return Ok(aside);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

fn above(dir: &Path) -> Option<&Path> {
    let above = dir.parent()?;
    Some(if above.as_os_str().is_empty() { Path::new(".") } else { above })
}
