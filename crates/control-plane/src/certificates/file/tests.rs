use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{FileError, LARGEST, Stamp, read};

#[track_caller]
fn refused(path: &Path) -> FileError {
    read(path).unwrap_err()
}

#[test]
fn a_file_is_read_up_to_a_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pem");
    let largest = usize::try_from(LARGEST).unwrap();
    for size in [1, largest] {
        fs::write(&path, vec![b'a'; size]).unwrap();
        let (text, stamp) = read(&path).unwrap();
        assert_eq!(text.len(), size);
        assert_eq!(Stamp::of(&path), Some(stamp));
    }
    fs::write(&path, vec![b'a'; largest + 1]).unwrap();
    assert_eq!(refused(&path), FileError::TooLarge);
    fs::write(&path, "").unwrap();
    assert_eq!(refused(&path), FileError::Empty);
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_eq!(refused(&path), FileError::NoFile);
    assert_eq!(refused(folder.path()), FileError::NoFile);
    assert_eq!(refused(Path::new("/dev/zero")), FileError::NoFile);
}

#[test]
fn a_missing_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(&folder.path().join("none"));
    assert_eq!(error.to_string(), "it cannot be read: No such file or directory (os error 2)");
    assert_eq!(Stamp::of(&folder.path().join("none")), None);
}

#[test]
fn a_stamp_is_that_of_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pem");
    fs::write(&path, "one").unwrap();
    let first = Stamp::of(&path).unwrap();
    assert_eq!(Stamp::of(&path), Some(first));
    // Another file of the same size and time.
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let next = folder.path().join("next");
    fs::write(&next, "two").unwrap();
    File::options().write(true).open(&next).unwrap().set_modified(modified).unwrap();
    fs::rename(&next, &path).unwrap();
    assert_ne!(Stamp::of(&path), Some(first));
    // The same file, longer.
    let second = Stamp::of(&path);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"!").unwrap();
    assert_ne!(Stamp::of(&path), second);
}
