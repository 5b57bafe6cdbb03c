//! A long random walk of the mark beside a model that is told in another way: as the history of what
//! happened.

use super::super::{Mark, Moment, State, Transition};
use crate::Backoff;
use std::time::Duration;

const BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60), jitter: 0.5 };
const STEPS: usize = 100_000;

/// What counts of an event: it has happened, and it was news.
#[derive(Clone, Copy)]
enum Event {
    Death(Duration),
    FailedProbe(Duration),
    Return(Duration),
}

/// Everything that counts, from the last death or return on.
struct History(Vec<Event>);

impl History {
    fn is_dead(&self) -> bool {
        !matches!(self.0.first(), None | Some(Event::Return(_)))
    }

    fn is_news(&self, began: Duration) -> bool {
        match self.0.first() {
            Some(Event::Death(at) | Event::Return(at)) => began >= *at,
            _ => true,
        }
    }

    /// The earliest and the latest time for the next probe.
    fn next_probe(&self) -> Option<(Duration, Duration)> {
        let wait = Duration::from_secs(2_u64.pow(self.0.len().clamp(1, 7) as u32 - 1).min(60));
        match self.0.last() {
            Some(Event::Death(at) | Event::FailedProbe(at)) => Some((*at + wait / 2, *at + wait)),
            _ => None,
        }
    }

    fn connect(&mut self, succeeded: bool, began: Duration, now: Duration) -> Transition {
        match (self.is_news(began), self.is_dead(), succeeded) {
            (true, false, false) => self.restart(Event::Death(now), Transition::Died),
            (true, true, true) => self.restart(Event::Return(now), Transition::Revived),
            _ => Transition::Unchanged,
        }
    }

    fn probe(&mut self, succeeded: bool, now: Duration) -> Transition {
        match (self.is_dead(), succeeded) {
            (true, true) => self.restart(Event::Return(now), Transition::Revived),
            (true, false) => {
                self.0.push(Event::FailedProbe(now));
                Transition::Unchanged
            }
            (false, _) => Transition::Unchanged,
        }
    }

    fn restart(&mut self, event: Event, transition: Transition) -> Transition {
        self.0 = vec![event];
        transition
    }
}

#[test]
fn a_random_walk_agrees_with_the_history() {
    let seed = 20_260;
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut mark, mut history, mut now) = (Mark::new(), History(Vec::new()), Duration::ZERO);
    let mut seen = [0_usize; 3];
    for step in 0..STEPS {
        now += Duration::from_millis(random.u64(0..3_000));
        let began = now.saturating_sub(Duration::from_millis(random.u64(0..4_000)));
        let moment = Moment { now, entropy: random.u64(..), backoff: &BACKOFF };
        let succeeded = random.u8(0..10) < 3;
        let (actual, expected) = match random.u8(0..3) {
            0 if succeeded => (mark.connect_succeeded(began, now), history.connect(true, began, now)),
            0 => (mark.connect_failed(began, moment), history.connect(false, began, now)),
            _ => (mark.probed(succeeded, moment), history.probe(succeeded, now)),
        };
        assert_eq!(actual, expected, "step {step}");
        assert_eq!(mark.state() == State::Dead, history.is_dead(), "step {step}");
        match (mark.next_probe(), history.next_probe()) {
            (None, None) => {}
            (Some(due), Some((earliest, latest))) => {
                assert!((earliest..=latest).contains(&due), "step {step}");
            }
            (actual, expected) => panic!("step {step}: {actual:?}, not {expected:?}"),
        }
        seen[actual as usize] += 1;
    }
    assert!(seen.iter().all(|&count| count > STEPS / 20), "the walk went nowhere: {seen:?}");
}
