//! The file of a Unix socket: private from the first moment, and gone with its owner.

#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// The longest path that a client can connect to: `sun_path` of unix(7), with its end.
const LONGEST: usize = 107;
/// How often another name is tried for the private directory.
const TRIES: usize = 16;

/// The file of a socket that we listen at. Dropping it removes the file, unless another one has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
    /// Held for as long as we listen.
    _lock: File,
}

impl SocketFile {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens at a path. `AddrInUse` where somebody does already.
pub(super) fn bind(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    if path.as_os_str().len() > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path of a socket has 107 bytes at the most",
        ));
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let lock = lock(path)?;
    refuse_to_replace(path)?;
    let private = private_dir(dir)?;
    let bound = bind_within(&private, path);
    let _ = fs::remove_dir(&private);
    let (listener, identity) = bound?;
    Ok((listener, SocketFile { path: path.to_owned(), identity, _lock: lock }))
}

/// Whoever holds this may look at the socket and replace it: two that begin at once do not take it from each other.
fn lock(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(no_follow)
        .open(PathBuf::from(name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::AddrInUse.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What is at the path may be replaced only where it is a socket that nobody listens at.
fn refuse_to_replace(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is something that is no socket"))
        }
        Ok(_) if is_dead(path)? => Ok(()),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

fn is_dead(path: &Path) -> io::Result<bool> {
    // Without waiting: a process that is stopped, its backlog full, is alive all the same.
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let answer = connect(&socket, &SocketAddrUnix::new(path)?);
    Ok(matches!(answer, Err(Errno::CONNREFUSED | Errno::NOENT)))
}

/// A directory that nobody else can look into, where the socket is until it has its mode.
fn private_dir(dir: &Path) -> io::Result<PathBuf> {
    for _ in 0..TRIES {
        let private = dir.join(format!(".{:06x}", fastrand::u32(..0x0100_0000)));
        match DirBuilder::new().mode(0o700).create(&private) {
            Ok(()) => return Ok(private),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn bind_within(private: &Path, path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    let first = private.join("s");
    let listener = UnixListener::bind(&first)?;
    let moved = fs::set_permissions(&first, Permissions::from_mode(0o600))
        .and_then(|()| identity(&first))
        .and_then(|identity| fs::rename(&first, path).map(|()| identity));
    if moved.is_err() {
        let _ = fs::remove_file(&first);
    }
    listener.set_nonblocking(true)?;
    moved.map(|identity| (listener, identity))
}

/// What tells one file from another of its name.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}
