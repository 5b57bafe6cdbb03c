//! A long random walk of the table beside a model that keeps what happened to each backend.

use super::{Event, Next, Table};
use crate::{Backoff, PassiveSettings, State, Transition};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const STEPS: usize = 100_000;
const BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60), jitter: 0.0 };
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone, Default)]
struct Backend {
    is_dead: bool,
    changed: Option<Duration>,
    /// Failures since the last success or change.
    failures: Vec<Duration>,
}

impl Backend {
    fn failed(&mut self, needed: usize, began: Duration, now: Duration) -> Transition {
        if self.is_dead || self.changed.is_some_and(|changed| began < changed) {
            return Transition::Unchanged;
        }
        self.failures.push(now);
        if self.failures.iter().filter(|time| now - **time < MINUTE).count() < needed {
            return Transition::Unchanged;
        }
        self.turn(true, now)
    }

    fn succeeded(&mut self, is_news: bool, now: Duration) -> Transition {
        self.failures.clear();
        if self.is_dead && is_news { self.turn(false, now) } else { Transition::Unchanged }
    }

    fn turn(&mut self, is_dead: bool, now: Duration) -> Transition {
        *self = Self { is_dead, changed: Some(now), failures: Vec::new() };
        if is_dead { Transition::Died } else { Transition::Revived }
    }

    fn has_failures(&self, now: Duration) -> bool {
        self.is_dead || self.failures.last().is_some_and(|last| now - *last < MINUTE)
    }
}

#[test]
fn a_random_walk_agrees_with_what_happened_to_each() {
    let seed = 2_718;
    let mut random = fastrand::Rng::with_seed(seed);
    let failing = Arc::new(AtomicUsize::new(0));
    let mut table: Table<usize> = Table::new(Arc::clone(&failing));
    let (mut model, mut now, mut seen) = (vec![Backend::default(); 5], Duration::ZERO, [0_usize; 3]);
    for step in 0..STEPS {
        let place = || format!("seed {seed}, step {step}");
        now += Duration::from_millis(random.u64(0..12_000));
        // What is due is done first, as `run` does it.
        while let Next::Probe(ticket) = table.next_due(now) {
            let succeeded = random.u8(0..4) == 0;
            let backend = &mut model[ticket.key];
            assert!(backend.is_dead, "{}: a living backend is probed", place());
            let expected = if succeeded { backend.turn(false, now) } else { Transition::Unchanged };
            assert_eq!(table.finish(&ticket, succeeded, now, 0), expected, "{}", place());
            seen[expected as usize] += 1;
        }
        let key = random.usize(0..5);
        let began = now.saturating_sub(Duration::from_millis(random.u64(0..4_000)));
        let expected = match random.u8(0..20) {
            0 => {
                table.forget(&key);
                model[key] = Backend::default();
                continue;
            }
            1..5 => {
                let is_news = model[key].changed.is_none_or(|changed| began >= changed);
                let expected = model[key].succeeded(is_news, now);
                assert_eq!(table.change(&key, Event::Succeeded, began, now).0, expected, "{}", place());
                expected
            }
            _ => {
                let failures = random.u32(1..5);
                let settings = PassiveSettings { failures, backoff: BACKOFF };
                let expected = model[key].failed(failures as usize, began, now);
                let event = Event::Failed { settings, entropy: 0 };
                assert_eq!(table.change(&key, event, began, now).0, expected, "{}", place());
                expected
            }
        };
        seen[expected as usize] += 1;
        for (key, backend) in model.iter().enumerate() {
            let actual = (table.state(&key) == State::Dead, table.has_failures(&key, now));
            assert_eq!(actual, (backend.is_dead, backend.has_failures(now)), "{}, backend {key}", place());
        }
        let expected = model.iter().filter(|backend| backend.has_failures(now)).count();
        assert_eq!(failing.load(Ordering::Relaxed), expected, "{}", place());
        while table.next_untold().is_some() {}
    }
    assert!(seen.iter().all(|count| *count > STEPS / 20), "the walk went nowhere: {seen:?}");
}
