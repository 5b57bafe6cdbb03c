//! Without anything that fails, on a disk of this machine.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use super::world::{change, confirmation, layers_of, record, time};
use crate::durable::RealDisk;
use crate::store::open::Opened;
use crate::store::{Keep, Layer, Layers, Record, Store, StoreError, What};

fn open(dir: &Path) -> Opened<RealDisk> {
    Store::open(dir, Keep::default(), RealDisk).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn nothing_is_made_before_the_first_revision() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a/state");
    let mut opened = open(&state);
    assert_eq!(opened.store.head(), 0);
    assert_eq!(opened.layers, Layers::default());
    assert!(!folder.path().join("a").exists());
    opened.store.append(&record(&opened.store, Vec::new())).unwrap();
    opened.store.tidy().unwrap();
    let dir = state.join("revisions");
    assert_eq!(mode(&dir), 0o700);
    for name in ["000000001.json", "000000001.layers.json", "lock"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
}

#[test]
fn everything_about_a_revision_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).store;
    let first = Record {
        what: What::Start,
        summary: "one route".into(),
        file_digest: Some("abc".into()),
        ..record(&store, vec![change(1, Layer::File, Some(json!({ "weight": 0.1 })))])
    };
    store.append(&first).unwrap();
    let second = Record {
        what: What::Rollback { to: 1 },
        pinned_from: Some("def".into()),
        confirm_until: Some(time(9)),
        ..record(&store, vec![change(2, Layer::Api, Some(json!({})))])
    };
    store.append(&second).unwrap();
    store.confirm(2, &confirmation()).unwrap();
    drop(store);
    let opened = open(folder.path());
    let second = Record { confirmed: Some(confirmation()), ..second };
    assert_eq!(opened.records, [first, second]);
    assert_eq!(layers_of(&opened)[1], opened.layers);
    assert_eq!(opened.pending, None);
    assert_eq!(opened.problems, [""; 0]);
}

#[test]
fn a_pending_revision_is_not_served_after_a_restart_and_can_be_reverted() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).store;
    store.append(&record(&store, vec![change(1, Layer::Api, Some(json!(1)))])).unwrap();
    let changes = vec![change(1, Layer::Api, Some(json!(2))), change(2, Layer::Api, Some(json!(2)))];
    let pending = Record { confirm_until: Some(time(9)), ..record(&store, changes) };
    store.append(&pending).unwrap();
    store.tidy().unwrap();
    drop(store);
    assert!(!folder.path().join("revisions/000000002.layers.json").exists());
    let opened = open(folder.path());
    assert_eq!(opened.layers.api.len(), 1);
    assert_eq!(opened.pending, Some(pending.clone()));
    let mut store = opened.store;
    let what = What::Reverted { number: 2, why: "a restart".into() };
    let undoing = opened.layers.undoing(&pending.changes);
    store.append(&Record { what, ..record(&store, undoing) }).unwrap();
    store.tidy().unwrap();
    drop(store);
    let again = open(folder.path());
    assert_eq!((again.layers, again.pending), (opened.layers, None));
    assert_eq!(again.records.len(), 3);
}

#[test]
fn links_and_unfinished_files_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).store;
    store.append(&record(&store, Vec::new())).unwrap();
    drop(store);
    let dir = folder.path().join("revisions");
    fs::rename(dir.join("000000001.json"), folder.path().join("elsewhere")).unwrap();
    symlink(folder.path().join("elsewhere"), dir.join("000000001.json")).unwrap();
    fs::write(dir.join("000000009.json.next"), "{").unwrap();
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    let opened = open(folder.path());
    assert_eq!((opened.store.head(), opened.store.next_number()), (0, 10));
    assert!(dir.join("000000001.json.corrupt-1").is_symlink());
    assert!(!dir.join("000000009.json.next").exists());
    assert!(dir.join("notes.txt").exists());
}

#[test]
fn files_of_a_later_version_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).store;
    for _ in 0..2 {
        store.append(&record(&store, Vec::new())).unwrap();
    }
    drop(store);
    let dir = folder.path().join("revisions");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"2\n{}");
    let checksum = crate::store::hex(digest.as_ref());
    let content = format!("{{\"format\":2,\"sha256\":\"{checksum}\",\"body\":{{}}}}\n");
    fs::write(dir.join("000000002.json"), content).unwrap();
    let refused = Store::open(folder.path(), Keep::default(), RealDisk).err();
    assert!(matches!(refused, Some(StoreError::Later { format: 2, .. })), "{refused:?}");
    assert!(dir.join("000000002.json").exists());
}

#[test]
fn values_that_could_not_be_read_again_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).store;
    let deep = (0..200).fold(json!(1), |value, _| json!([value]));
    let refused = store.append(&record(&store, vec![change(1, Layer::Api, Some(deep))]));
    assert!(matches!(refused, Err(StoreError::TooMuch { .. })));
    store.append(&record(&store, Vec::new())).unwrap();
}

#[test]
fn a_directory_that_vanishes_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).store;
    store.append(&record(&store, Vec::new())).unwrap();
    fs::remove_dir_all(folder.path().join("revisions")).unwrap();
    assert!(matches!(store.append(&record(&store, Vec::new())), Err(StoreError::Io { .. })));
    assert!(!folder.path().join("revisions").exists());
}

/// Run by hand, for figures: the directory is that of `PROXYD_TEST_DIR`.
#[test]
fn one_change_among_ten_thousand_routes_is_kept() {
    let folder = match std::env::var_os("PROXYD_TEST_DIR") {
        Some(dir) => tempfile::tempdir_in(dir).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    let mut store = open(folder.path()).store;
    let route = |id: usize| {
        json!({
            "id": format!("route-{id}"), "vHost": format!("host-{id}.example.test"), "path": "/api/v1",
            "methods": ["GET", "POST"], "timeouts": { "connect": "2s", "response": "30s" },
            "backends": (0..3).map(|backend| json!({
                "id": format!("b{backend}"), "hostname": format!("10.0.{}.{backend}", id % 250), "port": 8080, "weight": 1
            })).collect::<Vec<_>>(),
        })
    };
    let all = (0..10_000).map(|id| change(id, Layer::Api, Some(route(id)))).collect();
    let begin = Instant::now();
    store.append(&record(&store, all)).unwrap();
    println!("first append of all: {:?}", begin.elapsed());
    let begin = Instant::now();
    store.tidy().unwrap();
    println!("first checkpoint: {:?}", begin.elapsed());
    let (mut appends, mut tidies) = (Vec::new(), Vec::new());
    for number in 0..100 {
        let next = record(&store, vec![change(number * 7, Layer::Api, Some(route(number)))]);
        let begin = Instant::now();
        store.append(&next).unwrap();
        appends.push(begin.elapsed());
        let begin = Instant::now();
        store.tidy().unwrap();
        tidies.push(begin.elapsed());
    }
    appends.sort();
    tidies.sort();
    println!("append: p50 {:?}, p99 {:?}, max {:?}", appends[50], appends[98], appends[99]);
    println!("tidy: p50 {:?}, with a checkpoint {:?}", tidies[50], tidies[99]);
    drop(store);
    let begin = Instant::now();
    let opened = open(folder.path());
    println!("open: {:?}", begin.elapsed());
    assert_eq!((opened.store.head(), opened.layers.api.len()), (101, 10_000));
}
