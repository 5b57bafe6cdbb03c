//! A long random walk of the table beside a model that has a judge's counts for each key.

use super::{Next, Table, Ticket};
use crate::{CheckSettings, Probe, ProbeFuture, State, Transition};
use std::{sync::Arc, time::Duration};

const STEPS: usize = 100_000;

struct Never;

impl Probe<usize> for Never {
    fn probe<'a>(&'a self, _: &'a usize) -> ProbeFuture<'a> {
        Box::pin(std::future::pending())
    }
}

/// What is watched: its settings, its state, results against that, and the probe under way.
struct Watched {
    settings: CheckSettings,
    is_dead: bool,
    against: u32,
    running: Option<usize>,
}

impl Watched {
    fn probed(&mut self, succeeded: bool) -> Transition {
        self.running = None;
        if succeeded != self.is_dead {
            self.against = 0;
            return Transition::Unchanged;
        }
        self.against += 1;
        let needed = if self.is_dead { self.settings.rise } else { self.settings.fall };
        if self.against < needed {
            return Transition::Unchanged;
        }
        (self.is_dead, self.against) = (!self.is_dead, 0);
        if self.is_dead { Transition::Died } else { Transition::Revived }
    }
}

#[test]
fn a_random_walk_agrees_with_what_is_watched() {
    let seed = 161;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut table = Table::new();
    let mut model: [Option<Watched>; 5] = [const { None }; 5];
    let (mut running, mut now, mut seen): (Vec<(usize, Ticket<usize>)>, _, _) =
        (Vec::new(), Duration::ZERO, [0_usize; 3]);
    for step in 0..STEPS {
        let place = || format!("seed {seed}, step {step}");
        now += Duration::from_millis(random.u64(0..900));
        let key = random.usize(0..5);
        match random.u8(0..40) {
            0 => {
                let was_watched = model[key].take().is_some();
                assert_eq!(table.forget(&key).is_some(), was_watched, "{}", place());
            }
            1..4 => {
                let interval = Duration::from_secs(random.u64(1..3));
                let settings = CheckSettings { interval, ..CheckSettings::default() };
                drop(table.watch(key, settings, Arc::new(Never), now));
                let fresh = || Watched { settings, is_dead: false, against: 0, running: None };
                let watched = model[key].get_or_insert_with(fresh);
                if watched.settings != settings {
                    *watched = Watched { is_dead: watched.is_dead, ..fresh() };
                }
            }
            4..25 if !running.is_empty() => {
                let (id, ticket) = running.swap_remove(random.usize(0..running.len()));
                let succeeded = random.bool();
                let current = model[*ticket.key()].as_mut().filter(|watched| watched.running == Some(id));
                assert_eq!(table.is_current(&ticket), current.is_some(), "{}", place());
                let expected = current.map(|watched| watched.probed(succeeded));
                assert_eq!(table.finish(&ticket, succeeded, now), expected, "{}", place());
                if let Some(transition) = expected {
                    seen[transition as usize] += 1;
                }
            }
            _ => {
                if let Next::Probe(ticket, _, limit) = table.next_due(now) {
                    let watched = model[*ticket.key()].as_mut().expect("only what is watched is probed");
                    assert_eq!(watched.running.replace(step), None, "{}: two probes at once", place());
                    assert_eq!(limit, watched.settings.timeout, "{}", place());
                    running.push((step, ticket));
                }
            }
        }
        let is_dead = |watched: &Option<Watched>| watched.as_ref().is_some_and(|watched| watched.is_dead);
        let states = (0..5).map(|key| table.state(&key) == State::Dead);
        assert!(states.eq(model.iter().map(is_dead)), "{}", place());
        let watched = model.iter().flatten().count();
        let waiting = model.iter().flatten().filter(|watched| watched.running.is_none()).count();
        assert_eq!(table.size(), (watched, waiting), "{}", place());
    }
    assert!(seen.iter().all(|count| *count > STEPS / 100), "the walk went nowhere: {seen:?}");
}
