//! Crashes at each operation of a run.

use super::world::World;
use crate::durable::{FaultyDisk, Left, Trouble};

/// Thirty revisions with all that belongs to them; ends where the process does.
fn run(world: &mut World) {
    if !world.start() {
        return;
    }
    for number in 0..30 {
        let is_pending = number % 7 == 5;
        let outcome = match world.served().pending {
            Some(_) if number % 2 == 0 => world.confirm(),
            Some(_) => world.revert(),
            None => world.write(is_pending),
        };
        if world.disk.is_crashed() {
            return;
        }
        outcome.unwrap();
        let _ = world.tidy();
        if world.disk.is_crashed() {
            return;
        }
    }
}

#[test]
fn a_crash_at_any_operation_leaves_what_was_acknowledged_or_that_and_what_was_under_way() {
    let mut whole = World::new(FaultyDisk::new(0), 0);
    run(&mut whole);
    let operations = whole.disk.operations();
    assert!(operations > 250, "{operations}");
    for operation in 0..operations {
        for left in [Left::Any, if operation % 2 == 0 { Left::All } else { Left::Synced }] {
            let disk = FaultyDisk::new(operation as u64);
            disk.trouble_after(operation, Trouble::Crash);
            let mut world = World::new(disk.clone(), 0);
            run(&mut world);
            assert!(disk.is_crashed(), "operation {operation}");
            disk.restart(left);
            assert!(world.start(), "operation {operation}");
            // And it goes on.
            if world.served().pending.is_some() {
                world.revert().unwrap();
            }
            for _ in 0..6 {
                world.write(false).unwrap();
                world.tidy().unwrap();
            }
            disk.restart(Left::Synced);
            assert!(world.start());
        }
    }
}

#[test]
fn history_is_bounded_and_has_as_much_as_was_asked_for() {
    let mut world = World::new(FaultyDisk::new(0), 0);
    assert!(world.start());
    for number in 0..100 {
        world.write(false).unwrap();
        world.tidy().unwrap();
        if number % 5 == 0 {
            world.disk.restart(Left::Any);
            assert!(world.start());
        }
        let files = crate::durable::Disk::list(&world.disk, &super::world::revisions("")).unwrap();
        let (history, between) = (super::world::KEEP.history, super::world::KEEP.between);
        assert!(files.len() <= history + 2 * between + 4, "{files:?}");
        let records = files.iter().filter(|name| name.len() == "000000001.json".len());
        assert!(records.count() >= history.min(number + 1), "{files:?}");
    }
}
