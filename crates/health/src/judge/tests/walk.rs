//! A long random walk of the judge beside a model that is HAProxy's counter: from 0 (dead) to rise + fall -
//! 1 (alive).

use super::{CheckSettings, Judge, PLAIN, Start};
use crate::{State, Transition};
use std::time::Duration;

const STEPS: usize = 100_000;

struct Counter {
    health: u32,
    rise: u32,
    fall: u32,
}

impl Counter {
    fn is_up(&self) -> bool {
        self.health >= self.rise
    }

    fn full(&self) -> u32 {
        self.rise + self.fall - 1
    }

    fn probed(&mut self, succeeded: bool) {
        self.health = match (succeeded, self.is_up()) {
            (true, true) => self.full(),
            (true, false) if self.health + 1 == self.rise => self.full(),
            (true, false) => self.health + 1,
            (false, true) if self.health > self.rise => self.health - 1,
            (false, _) => 0,
        };
    }

    fn interval(&self) -> u64 {
        match self.health {
            0 => 60,
            health if health == self.full() => 10,
            _ => 1,
        }
    }
}

#[test]
fn a_random_walk_agrees_with_a_single_counter() {
    let seed = 55;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut seen = [0_usize; 3];
    for round in 0..100 {
        let (rise, fall) = (random.u32(1..5), random.u32(1..5));
        let start = if random.bool() { Start::Up } else { Start::Unknown };
        let settings = CheckSettings { rise, fall, start, jitter: 0.5, ..PLAIN };
        let mut counter = Counter { health: 0, rise, fall };
        counter.health = if start == Start::Up { counter.full() } else { rise };
        let (mut judge, mut now) = (Judge::new(settings, Duration::ZERO, 0), Duration::ZERO);
        for step in 0..STEPS / 100 {
            let place = || format!("seed {seed}, round {round}, step {step}");
            now = judge.next_probe() + Duration::from_millis(random.u64(0..2_000));
            let (succeeded, was_up) = (random.bool(), counter.is_up());
            counter.probed(succeeded);
            let expected = match (was_up, counter.is_up()) {
                (true, false) => Transition::Died,
                (false, true) => Transition::Revived,
                _ => Transition::Unchanged,
            };
            let actual = judge.probed(succeeded, now, random.u64(..));
            assert_eq!(actual, expected, "{}", place());
            assert_eq!(judge.state() == State::Alive, counter.is_up(), "{}", place());
            let (wait, interval) = (judge.next_probe() - now, Duration::from_secs(counter.interval()));
            assert!(wait >= interval / 2 && wait <= interval * 3 / 2, "{}: {wait:?}", place());
            seen[actual as usize] += 1;
        }
        assert!(now > Duration::ZERO);
    }
    assert!(seen.iter().all(|count| *count > STEPS / 20), "the walk went nowhere: {seen:?}");
}
