use std::os::unix::net::UnixStream;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_socket_and_its_directories_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/admin.sock");
    let (_listener, file) = bind(&path).unwrap();
    assert_eq!(file.path(), path);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&dir.path().join("a")), 0o700);
    assert_eq!(mode(&dir.path().join("a/b")), 0o700);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn nothing_but_the_lock_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let bound = bind(&path).unwrap();
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["admin.sock", "admin.sock.lock"]);
    drop(bound);
    assert_eq!(names(), ["admin.sock.lock"]);
    bind(&path).unwrap();
}

#[test]
fn a_socket_of_the_dead_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(UnixStream::connect(&path).is_err());
    let _bound = bind(&path).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_of_the_living_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let foreign = UnixListener::bind(&path).unwrap();
    assert_eq!(bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    drop(foreign);
    let _ours = bind(&path).unwrap();
    assert_eq!(bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn of_many_that_begin_at_once_one_listens() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    drop(UnixListener::bind(&path).unwrap());
    let bound: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..16).map(|_| scope.spawn(|| bind(&path))).collect();
        all.into_iter().map(|one| one.join().unwrap()).filter_map(Result::ok).collect()
    });
    assert_eq!(bound.len(), 1);
    UnixStream::connect(&path).unwrap();
    assert!(bound[0].0.accept().is_ok());
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    fs::write(&path, "precious").unwrap();
    assert_eq!(bind(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_lock_that_leads_elsewhere_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    std::os::unix::fs::symlink(dir.path().join("elsewhere"), dir.path().join("admin.sock.lock")).unwrap();
    assert!(bind(&path).is_err());
    assert!(!dir.path().join("elsewhere").exists());
}

#[test]
fn a_file_that_took_our_place_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let bound = bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(bound);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_path_that_nobody_could_connect_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(bind(&dir.path().join("a".repeat(108))).unwrap_err().kind(), io::ErrorKind::InvalidInput);
}
