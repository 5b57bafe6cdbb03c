use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_their_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("state"));
    store.write(&domain("*.a.test"), b"text").unwrap();
    let file = folder.path().join("state/certificates/_wildcard.a.test.pem");
    assert_eq!(fs::read(&file).unwrap(), b"text");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(fs::read_dir(store.dir()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn what_was_written_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    assert_eq!(store.sources().unwrap(), [], "there need be no directory");
    for name in ["a.test", "*.a.test", "192.0.2.1"] {
        store.write(&domain(name), b"text").unwrap();
    }
    fs::write(store.dir().join("README"), "").unwrap();
    fs::write(store.dir().join("b.test.pem.corrupt-1"), "").unwrap();
    let mut ids: Vec<_> = store.sources().unwrap().into_iter().map(|source| source.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["store:*.a.test", "store:192.0.2.1", "store:a.test"]);
    assert!(store.remove(&domain("a.test")).unwrap());
    assert!(!store.remove(&domain("a.test")).unwrap());
    assert_eq!(store.sources().unwrap().len(), 2);
}

#[test]
fn what_was_not_finished_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    store.write(&domain("a.test"), b"text").unwrap();
    let left = store.dir().join("b.test.pem.next");
    fs::write(&left, "a part of a key").unwrap();
    assert_eq!(store.sources().unwrap(), [store.source(&domain("a.test"))]);
    assert!(!left.exists());
}

#[test]
fn a_file_is_set_aside_under_a_name_that_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let path = store.path(&domain("a.test"));
    for number in 1..=2 {
        store.write(&domain("a.test"), b"text").unwrap();
        let aside = store.dir().join(format!("a.test.pem.corrupt-{number}"));
        assert_eq!(store.set_aside(&path).unwrap(), aside);
    }
    assert_eq!(store.sources().unwrap(), []);
}
