//! Files that are not as they were.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::world::{KEEP, STATE, World, change, confirmation, layers_of, record, revisions};
use crate::durable::{Disk, FaultyDisk, Found};
use crate::store::open::Opened;
use crate::store::{Keep, Layer, Layers, Store};

/// A small journal with checkpoints, and all that its layers have ever been by revision.
fn small(revisions: usize) -> (FaultyDisk, Vec<(u64, Layers)>) {
    made(revisions, 5)
}

/// Another installation's.
fn other(revisions: usize) -> (FaultyDisk, Vec<(u64, Layers)>) {
    made(revisions, 6)
}

fn made(revisions: usize, seed: u64) -> (FaultyDisk, Vec<(u64, Layers)>) {
    let disk = FaultyDisk::new(seed);
    let mut world = World::new(disk.clone(), seed);
    assert!(world.start());
    let mut states = vec![(0, Layers::default())];
    for number in 0..revisions {
        if number == 1 {
            world.write(true).unwrap();
            world.confirm().unwrap();
        } else {
            world.write(false).unwrap();
        }
        states.push((world.served().head, world.served().layers.clone()));
        world.tidy().unwrap();
    }
    drop(world);
    disk.settle();
    (disk.copy(), states)
}

fn open(disk: &FaultyDisk) -> Opened<FaultyDisk> {
    Store::open(Path::new(STATE), KEEP, disk.clone()).unwrap()
}

fn files(disk: &FaultyDisk) -> Vec<PathBuf> {
    let names = disk.list(&revisions("")).unwrap();
    names.into_iter().filter(|name| name != "lock").map(revisions).collect()
}

/// What is found is a whole earlier state, and it was reported.
#[track_caller]
fn check_found(disk: &FaultyDisk, states: &[(u64, Layers)]) -> (Opened<FaultyDisk>, u64) {
    let opened = open(disk);
    let head = opened.store.head();
    let last = opened.pending.as_ref().map_or(head, |record| record.parent);
    let expected = states.iter().find(|(number, _)| *number == last).expect("a revision that was");
    assert_eq!(opened.layers, expected.1, "revision {last}");
    for (record, layers) in opened.records.iter().zip(layers_of(&opened)) {
        assert_eq!(
            Some(&(record.number, layers)),
            states.iter().find(|(number, _)| *number == record.number)
        );
    }
    assert_ne!(opened.problems, [""; 0]);
    assert!(opened.store.next_number() > states.last().unwrap().0);
    (opened, last)
}

/// And more can be kept and found again.
#[track_caller]
fn check(disk: &FaultyDisk, states: &[(u64, Layers)]) -> u64 {
    let (Opened { mut store, layers, pending, .. }, last) = check_found(disk, states);
    if pending.is_none() {
        let next = record(&store, Vec::new());
        store.append(&next).unwrap();
        drop(store);
        let again = open(disk);
        assert_eq!(again.store.head(), next.number);
        assert_eq!(again.layers, layers);
        assert_eq!(again.problems, [""; 0]);
    }
    last
}

#[test]
fn any_flipped_bit_is_noticed_and_what_is_served_is_whole() {
    let (disk, states) = small(3);
    let mut flips = 0;
    for file in files(&disk) {
        let Found::Bytes(content) = disk.read(&file, u64::MAX).unwrap() else { panic!() };
        for bit in 0..content.len() * 8 {
            let copy = disk.copy();
            copy.change(&file, |content| content[bit / 8] ^= 1 << (bit % 8));
            check_found(&copy, &states);
            flips += 1;
        }
    }
    assert!(flips > 10_000, "{flips}");
}

#[test]
fn a_file_that_ends_at_any_byte_is_noticed() {
    let (disk, states) = small(3);
    for file in files(&disk) {
        let Found::Bytes(content) = disk.read(&file, u64::MAX).unwrap() else { panic!() };
        for length in 0..content.len() {
            let copy = disk.copy();
            copy.change(&file, |content| content.truncate(length));
            check(&copy, &states);
            let copy = disk.copy();
            copy.change(&file, |content| content[length..].fill(0));
            check_found(&copy, &states);
        }
    }
}

#[test]
fn the_revision_before_the_first_damaged_one_is_served() {
    let (disk, states) = small(11);
    // Checkpoints are after 1, 5 and 9; the first is gone with the second's age.
    for (damaged, served) in [(11, 10), (10, 9)] {
        let copy = disk.copy();
        copy.change(&revisions(format!("{damaged:09}.json")), |content| content[90] ^= 1);
        assert_eq!(check(&copy, &states), served);
    }
    // History is lost up to the next checkpoint, and nothing else.
    let copy = disk.copy();
    copy.change(&revisions("000000007.json"), |content| content[90] ^= 1);
    assert_eq!(check(&copy, &states), 11);
}

#[test]
fn a_damaged_checkpoint_is_no_loss_where_there_is_another_one() {
    let (disk, states) = small(11);
    let checkpoints: Vec<_> =
        files(&disk).into_iter().filter(|file| file.to_str().unwrap().contains("layers")).collect();
    assert!(checkpoints.len() > 1);
    for checkpoint in &checkpoints {
        let copy = disk.copy();
        copy.change(checkpoint, |content| content[90] ^= 1);
        assert_eq!(check(&copy, &states), 11);
    }
    let copy = disk.copy();
    for checkpoint in &checkpoints {
        copy.change(checkpoint, |content| content[90] ^= 1);
    }
    let opened = open(&copy);
    assert_eq!((opened.store.head(), opened.layers), (0, Layers::default()));
    assert_eq!(opened.store.next_number(), 12);
}

#[test]
fn a_missing_record_ends_the_chain_and_its_number_stays_used() {
    let (disk, states) = small(11);
    disk.remove(&revisions("000000010.json")).unwrap();
    disk.settle();
    assert_eq!(check(&disk, &states), 9);
    assert_eq!(open(&disk).store.head(), 12);
}

#[test]
fn numbers_stay_used_once_what_had_them_is_set_aside() {
    let (disk, states) = small(11);
    disk.change(&revisions("000000010.json"), |content| content[90] ^= 1);
    let (opened, _) = check_found(&disk, &states);
    drop(opened);
    let again = open(&disk);
    assert_eq!((again.problems.len(), again.store.head(), again.store.next_number()), (0, 9, 12));
}

#[test]
fn what_cannot_be_set_aside_yet_is_before_anything_is_kept() {
    let (disk, states) = small(11);
    disk.change(&revisions("000000010.json"), |content| content[90] ^= 1);
    disk.refuse(Some(Errno::ROFS));
    let (opened, served) = check_found(&disk, &states);
    assert_eq!(served, 9);
    let mut store = opened.store;
    assert!(store.append(&record(&store, Vec::new())).is_err());
    disk.refuse(None);
    store.append(&record(&store, Vec::new())).unwrap();
    drop(store);
    let again = open(&disk);
    assert_eq!((again.problems.len(), again.store.head()), (0, 12));
}

#[test]
fn a_record_that_followed_something_else_is_noticed() {
    let (disk, states) = small(11);
    let (other, _) = other(11);
    let Found::Bytes(tenth) = other.read(&revisions("000000010.json"), u64::MAX).unwrap() else { panic!() };
    disk.change(&revisions("000000010.json"), |content| *content = tenth);
    assert_eq!(check(&disk, &states), 9);
}

#[test]
fn there_are_two_checkpoints_however_short_the_history_is() {
    let disk = FaultyDisk::new(7);
    let keep = Keep { history: 1, between: 4 };
    let mut store = Store::open(Path::new(STATE), keep, disk.clone()).unwrap().store;
    for number in 0..40 {
        store.append(&record(&store, vec![change(number % 3, Layer::Api, Some(number.into()))])).unwrap();
        store.tidy().unwrap();
        let copy = disk.copy();
        let newest =
            files(&copy).into_iter().rfind(|file| file.to_str().unwrap().contains("layers")).unwrap();
        copy.change(&newest, |content| content[90] ^= 1);
        assert_eq!(open(&copy).store.head(), store.head());
    }
}

#[test]
fn a_record_in_the_place_of_another_one_is_noticed() {
    let (disk, states) = small(11);
    let Found::Bytes(tenth) = disk.read(&revisions("000000010.json"), u64::MAX).unwrap() else { panic!() };
    disk.change(&revisions("000000011.json"), |content| *content = tenth);
    assert_eq!(check(&disk, &states), 10);
}

#[test]
fn what_is_no_file_is_set_aside() {
    let (disk, states) = small(11);
    disk.make_dir(&revisions("000000012.json")).unwrap();
    disk.settle();
    check(&disk, &states);
    assert!(disk.list(&revisions("")).unwrap().iter().any(|name| name == "000000012.json.corrupt-1"));
}

#[test]
fn a_damaged_confirmation_confirms_nothing() {
    let disk = FaultyDisk::new(0);
    let mut world = World::new(disk.clone(), 0);
    assert!(world.start());
    world.write(false).unwrap();
    let before = world.served().layers.clone();
    world.write(true).unwrap();
    world.confirm().unwrap();
    drop(world);
    disk.change(&revisions("000000002.confirmed.json"), |content| content[90] ^= 1);
    let mut opened = open(&disk);
    assert_eq!(opened.layers, before);
    assert_eq!(opened.pending.unwrap().number, 2);
    assert_eq!(opened.problems.len(), 1);
    opened.store.confirm(2, &confirmation()).unwrap();
    drop(opened.store);
    assert!(open(&disk).pending.is_none());
}

#[test]
fn a_checkpoint_that_was_damaged_meanwhile_does_not_take_an_older_ones_place() {
    let disk = FaultyDisk::new(6);
    let mut world = World::new(disk.clone(), 6);
    assert!(world.start());
    let mut damaged = false;
    for _ in 0..40 {
        world.write(false).unwrap();
        if !damaged && disk.list(&revisions("")).unwrap().iter().any(|name| name == "000000017.layers.json") {
            disk.change(&revisions("000000017.layers.json"), |content| content[90] ^= 1);
            damaged = true;
        }
        let _ = world.tidy();
        let copy = disk.copy();
        let opened = open(&copy);
        assert_eq!((opened.store.head(), &opened.layers), (world.served().head, &world.served().layers));
        assert!(opened.records.len() >= KEEP.history.min(world.served().head as usize));
    }
    assert!(damaged);
}
