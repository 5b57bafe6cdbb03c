//! A long random walk.

use fastrand::Rng;
use rustix::io::Errno;

use super::world::World;
use crate::durable::{FaultyDisk, Left, Trouble};
use crate::store::StoreError;

fn walk(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let disk = FaultyDisk::new(seed);
    let mut world = World::new(disk.clone(), seed);
    assert!(world.start());
    let mut kept = 0;
    for step in 0..2_000 {
        match rng.u8(..10) {
            0 => disk.trouble_after(rng.usize(..12), Trouble::Crash),
            1 | 2 => disk.trouble_after(rng.usize(..12), Trouble::Fails(Errno::IO)),
            3 => disk.trouble_after(rng.usize(..12), Trouble::Fails(Errno::NOSPC)),
            4 => drop(world.tidy()),
            5 if rng.bool() => restart(&mut world, &mut rng),
            _ => {
                let outcome = match world.served().pending {
                    Some(_) if rng.bool() => world.confirm(),
                    Some(_) => world.revert(),
                    None => world.write(rng.u8(..5) == 0),
                };
                match outcome {
                    Ok(()) => kept += 1,
                    Err(StoreError::Io { .. } | StoreError::Full { .. }) => {}
                    Err(error) => panic!("seed {seed}, step {step}: {error}"),
                }
            }
        }
        if disk.is_crashed() {
            restart(&mut world, &mut rng);
        }
    }
    assert!(kept > 300, "seed {seed}: {kept}");
}

fn restart(world: &mut World, rng: &mut Rng) {
    let left = [Left::All, Left::Any, Left::Synced][rng.usize(..3)];
    world.running = None;
    world.disk.restart(left);
    assert!(world.start());
}

#[test]
fn whatever_fails_nothing_that_was_acknowledged_is_lost() {
    for seed in 0..12 {
        walk(seed);
    }
}
