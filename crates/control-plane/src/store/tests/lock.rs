//! Two processes.

use std::path::Path;
use std::process::Command;

use super::world::record;
use crate::durable::RealDisk;
use crate::store::{Keep, Store, StoreError};

/// Set for the other process: where it is to look.
const DIR: &str = "PROXYD_TEST_STORE";
const THIS: &str = "store::tests::lock::another_process_is_kept_away_until_this_one_ends";

/// What another process, which is this test again, finds.
fn elsewhere(dir: &Path) -> String {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this).args(["--exact", THIS, "--nocapture"]).env(DIR, dir).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split("found: ").nth(1).unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn another_process_is_kept_away_until_this_one_ends() {
    if let Some(dir) = std::env::var_os(DIR) {
        match Store::open(Path::new(&dir), Keep::default(), RealDisk) {
            Ok(opened) => println!("found: revision {}", opened.store.head()),
            Err(StoreError::InUse { .. }) => println!("found: in use"),
            Err(error) => println!("found: {error}"),
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), Keep::default(), RealDisk).unwrap().store;
    assert_eq!(elsewhere(folder.path()), "revision 0");
    store.append(&record(&store, Vec::new())).unwrap();
    assert_eq!(elsewhere(folder.path()), "in use");
    drop(store);
    assert_eq!(elsewhere(folder.path()), "revision 1");
    let store = Store::open(folder.path(), Keep::default(), RealDisk).unwrap().store;
    assert_eq!(elsewhere(folder.path()), "in use");
    drop(store);
}

#[test]
fn of_two_that_found_nothing_the_first_to_write_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Store::open(folder.path(), Keep::default(), RealDisk).unwrap().store;
    let mut second = Store::open(folder.path(), Keep::default(), RealDisk).unwrap().store;
    first.append(&record(&first, Vec::new())).unwrap();
    assert!(matches!(second.append(&record(&second, Vec::new())), Err(StoreError::InUse { .. })));
    assert!(matches!(second.hold(), Err(StoreError::InUse { .. })));
    drop(first);
    // What it would follow is not what is there.
    assert!(matches!(second.append(&record(&second, Vec::new())), Err(StoreError::InUse { .. })));
    assert_eq!(Store::open(folder.path(), Keep::default(), RealDisk).unwrap().store.head(), 1);
}
