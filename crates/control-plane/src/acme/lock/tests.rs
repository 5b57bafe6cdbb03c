use super::{Lock, NAME};

#[test]
fn one_holds_it_until_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("state/acme");
    let lock = Lock::take(&dir).unwrap().expect("nobody has it");
    assert!(Lock::take(&dir).unwrap().is_none());
    drop(lock);
    assert!(Lock::take(&dir).unwrap().is_some());
}

#[test]
fn where_nothing_can_be_written_nobody_can_hold_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(Lock::take(&folder.path().join("file")).is_err());
    std::fs::create_dir(folder.path().join(NAME)).unwrap();
    assert!(Lock::take(folder.path()).is_err());
}
