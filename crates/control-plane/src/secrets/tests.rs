use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use config::Secret;
use rustix::io::Errno;

use super::{Marker, NAME, Secrets};
use crate::durable::{Disk, FaultyDisk, Found, RealDisk, Trouble};
use crate::store::StoreError;

fn open(dir: &Path) -> Secrets<RealDisk> {
    let opened = Secrets::open(dir, RealDisk).unwrap();
    assert_eq!(opened.problem, None);
    opened.secrets
}

fn said<'a, D: Disk>(secrets: &'a Secrets<D>, marker: &Marker) -> Option<&'a str> {
    secrets.get(marker).map(Secret::expose)
}

#[test]
fn a_secret_has_one_marker_and_is_found_by_it_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("state");
    let mut secrets = open(&dir);
    let long = "x".repeat(5_000);
    let texts = ["", "one", "\"\\\u{0}\u{e9}\n", long.as_str()];
    let markers = texts.map(|text| secrets.seal(&Secret::new(text)));
    assert_eq!(markers.iter().collect::<HashSet<_>>().len(), 4);
    assert!(!dir.exists());
    secrets.save().unwrap();
    assert_eq!(fs::metadata(dir.join(NAME)).unwrap().permissions().mode() & 0o777, 0o600);
    let mut again = open(&dir);
    for (text, marker) in texts.iter().zip(&markers) {
        assert_eq!(said(&again, marker), Some(*text));
        assert_eq!(again.seal(&Secret::new(*text)), *marker);
    }
    assert_eq!(format!("{again:?}"), "Secrets { known: 4, unsaved: 0, .. }");
}

#[test]
fn markers_are_read_as_they_are_written_and_tell_nothing_elsewhere() {
    let mut secrets = Secrets::<RealDisk>::in_memory().unwrap();
    let marker = secrets.seal(&Secret::new("one"));
    let text = marker.to_string();
    assert_eq!(text.len(), "secret:".len() + 32);
    assert_eq!(Marker::read(&text), Some(marker));
    for wrong in ["", "secret:", &text[1..], &text.to_uppercase(), &format!("{text}0"), &text[..38]] {
        assert_eq!(Marker::read(wrong), None, "{wrong}");
    }
    let elsewhere = Secrets::<RealDisk>::in_memory().unwrap().seal(&Secret::new("one"));
    assert_ne!(elsewhere, marker);
    secrets.save().unwrap();
    assert_eq!(said(&secrets, &marker), Some("one"));
}

#[test]
fn nothing_is_written_where_nothing_is_new() {
    let disk = FaultyDisk::new(0);
    let mut secrets = Secrets::open(Path::new("/state"), disk.clone()).unwrap().secrets;
    secrets.save().unwrap();
    assert_eq!(disk.operations(), 0);
    secrets.seal(&Secret::new("one"));
    secrets.save().unwrap();
    let operations = disk.operations();
    secrets.seal(&Secret::new("one"));
    secrets.save().unwrap();
    assert_eq!(disk.operations(), operations);
}

#[test]
fn what_nothing_names_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = open(folder.path());
    let [one, two] = ["one", "two"].map(|text| secrets.seal(&Secret::new(text)));
    secrets.save().unwrap();
    let [three, four] = ["three", "four"].map(|text| secrets.seal(&Secret::new(text)));
    secrets.retain(&HashSet::from([one, three]));
    let known = [one, two, three, four].map(|marker| secrets.get(&marker).is_some());
    assert_eq!((known, secrets.len()), ([true, false, true, false], 2));
    secrets.save().unwrap();
    let again = open(folder.path());
    assert_eq!([one, two, three, four].map(|marker| again.get(&marker).is_some()), known);
}

#[test]
fn a_save_that_fails_is_tried_again_and_loses_nothing() {
    for operation in 0..6 {
        let disk = FaultyDisk::new(operation as u64);
        let state = Path::new("/state");
        let mut secrets = Secrets::open(state, disk.clone()).unwrap().secrets;
        let one = secrets.seal(&Secret::new("one"));
        secrets.save().unwrap();
        let two = secrets.seal(&Secret::new("two"));
        disk.trouble_after(operation, Trouble::Fails(Errno::NOSPC));
        let outcome = secrets.save();
        assert!(matches!(outcome, Err(StoreError::Full { .. }) | Ok(())), "{outcome:?}");
        assert!(Secrets::open(state, disk.clone()).unwrap().secrets.get(&one).is_some());
        disk.restart(crate::durable::Left::All);
        secrets.save().unwrap();
        let again = Secrets::open(state, disk).unwrap();
        assert_eq!(again.problem, None);
        assert!(again.secrets.get(&one).is_some() && again.secrets.get(&two).is_some());
    }
}

#[test]
fn a_damaged_file_is_set_aside_and_its_secrets_are_lost() {
    let disk = FaultyDisk::new(0);
    let state = Path::new("/state");
    let mut secrets = Secrets::open(state, disk.clone()).unwrap().secrets;
    let one = secrets.seal(&Secret::new("one"));
    secrets.save().unwrap();
    let file = state.join(NAME);
    let Found::Bytes(content) = disk.read(&file, u64::MAX).unwrap() else { panic!() };
    for bit in 0..content.len() * 8 {
        let copy = disk.copy();
        copy.change(&file, |content| content[bit / 8] ^= 1 << (bit % 8));
        let opened = Secrets::open(state, copy.clone()).unwrap();
        let problem = opened.problem.unwrap();
        assert!(problem.contains("secrets.json.corrupt-1") && !problem.contains("one"), "{problem}");
        assert!(opened.secrets.get(&one).is_none());
    }
    // Where it cannot be renamed yet, it is before it would be written over.
    let copy = disk.copy();
    copy.change(&file, |content| content.truncate(9));
    copy.refuse(Some(Errno::ROFS));
    let mut secrets = Secrets::open(state, copy.clone()).unwrap().secrets;
    let two = secrets.seal(&Secret::new("two"));
    assert!(matches!(secrets.save(), Err(StoreError::ReadOnly { .. })));
    copy.refuse(None);
    secrets.save().unwrap();
    assert!(matches!(copy.read(&state.join("secrets.json.corrupt-1"), 9), Ok(Found::Bytes(_))));
    assert_eq!(said(&Secrets::open(state, copy).unwrap().secrets, &two), Some("two"));
}
