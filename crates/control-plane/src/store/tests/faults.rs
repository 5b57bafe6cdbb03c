//! Operations that fail.

use std::path::Path;

use rustix::io::Errno;

use super::world::{KEEP, STATE, World, confirmation, record};
use crate::durable::{FaultyDisk, Left, Trouble};
use crate::store::{Store, StoreError};

fn running(seed: u64) -> World {
    let mut world = World::new(FaultyDisk::new(seed), seed);
    assert!(world.start());
    for _ in 0..3 {
        world.write(false).unwrap();
    }
    world
}

#[test]
fn a_failure_of_any_operation_changes_nothing_and_ends_with_it() {
    for error in [Errno::IO, Errno::NOSPC] {
        // Secrets: stage, rename, sync. Record: the same. Then what takes a failure back.
        for operation in 0..14 {
            for seed in 0..8 {
                let mut world = running(seed);
                world.disk.trouble_after(operation, Trouble::Fails(error));
                let before = world.served().clone();
                if world.write(false).is_err() {
                    assert_eq!(*world.served(), before);
                }
                world.disk.refuse(None);
                world.write(false).unwrap();
                world.disk.restart(Left::Any);
                assert!(world.start());
            }
        }
    }
}

#[test]
fn what_could_not_be_taken_away_is_before_anything_else_is_kept() {
    for seed in 0..20 {
        let mut world = running(seed);
        world.write(true).unwrap();
        // Stage takes three, then the name; what takes it back fails too.
        for operation in [3, 4, 5, 6, 7] {
            world.disk.trouble_after(operation, Trouble::Fails(Errno::IO));
        }
        let before = world.served().clone();
        assert!(world.confirm().is_err());
        for _ in 0..3 {
            if world.confirm().is_ok() {
                break;
            }
            assert_eq!(*world.served(), before);
        }
        world.disk.restart(Left::Any);
        assert!(world.start());
    }
}

#[test]
fn what_was_taken_away_does_not_come_back_beside_what_followed() {
    for seed in 0..300 {
        let mut world = running(seed);
        world.write(true).unwrap();
        // The last step of a revision that names no new secret.
        world.disk.trouble_after(4, Trouble::Fails(Errno::IO));
        assert!(world.revert().is_err());
        world.disk.trouble_after(4, Trouble::Crash);
        assert!(world.revert().is_err());
        assert!(world.disk.is_crashed());
        world.running = None;
        world.disk.restart(Left::Any);
        assert!(world.start());
    }
}

#[test]
fn a_full_disk_and_one_that_can_only_be_read_are_told_apart_and_end() {
    let mut world = running(1);
    world.disk.refuse(Some(Errno::NOSPC));
    assert!(matches!(world.write(false), Err(StoreError::Full { .. })));
    world.disk.refuse(Some(Errno::ROFS));
    assert!(matches!(world.write(false), Err(StoreError::ReadOnly { .. })));
    world.disk.refuse(Some(Errno::IO));
    assert!(matches!(world.write(false), Err(StoreError::Io { .. })));
    world.disk.refuse(None);
    world.write(false).unwrap();
}

#[test]
fn what_is_on_a_disk_that_can_only_be_read_is_served() {
    let mut world = running(2);
    world.disk.settle();
    world.disk.refuse(Some(Errno::ROFS));
    world.disk.restart(Left::Any);
    assert!(world.start());
    assert_eq!(world.served().head, 3);
    assert!(matches!(world.write(false), Err(StoreError::ReadOnly { .. })));
    assert!(matches!(world.tidy(), Err(StoreError::ReadOnly { .. })));
    world.disk.refuse(None);
    world.write(false).unwrap();
    assert_eq!(world.served().head, 4);
}

#[test]
fn what_another_process_did_while_there_was_no_lock_is_not_written_over() {
    let mut world = running(3);
    world.disk.settle();
    world.disk.refuse(Some(Errno::ROFS));
    world.disk.restart(Left::All);
    let mut late = Store::open(Path::new(STATE), KEEP, world.disk.clone()).unwrap().store;
    world.disk.refuse(None);
    assert!(world.start());
    world.write(false).unwrap();
    world.running = None;
    let refused = late.append(&record(&late, Vec::new()));
    assert!(matches!(refused, Err(StoreError::InUse { .. })));
}

#[test]
fn revisions_follow_each_other_and_wait_for_the_pending_one() {
    let mut world = running(4);
    let (store, _) = world.running.as_mut().unwrap();
    let next = record(store, Vec::new());
    for (number, parent) in [(3, 3), (2, 1), (4, 2), (4, 4), (0, 3)] {
        let refused = store.append(&crate::store::Record { number, parent, ..next.clone() });
        assert!(matches!(refused, Err(StoreError::OutOfTurn { .. })), "{number} after {parent}");
    }
    assert!(matches!(store.confirm(3, &confirmation()), Err(StoreError::OutOfTurn { .. })));
    world.write(true).unwrap();
    assert!(matches!(world.write(false), Err(StoreError::OutOfTurn { number: 5, head: 4 })));
    let (store, _) = world.running.as_mut().unwrap();
    assert!(matches!(store.confirm(3, &confirmation()), Err(StoreError::OutOfTurn { .. })));
    world.states.truncate(1);
    world.revert().unwrap();
    world.write(false).unwrap();
}
