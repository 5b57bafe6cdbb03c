//! The process is killed, its files are damaged, its disk is full: what was acknowledged is there, and nothing else is.

mod damage;
mod model;
mod rig;
mod room;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use self::model::Writes;
use self::rig::{Acknowledged, Ask, Started, home, revisions, start};
use crate::it::random::Random;

const SEED: u64 = 0x5eed_0001;
const WRITES: u64 = 500;
const KILLS: u64 = 25;

/// Some writes wait for their confirmation. One is in flight as the process is killed: it is there whole, or not at all.
#[test]
fn what_was_acknowledged_outlives_kills_at_any_moment() {
    let mut run = Run::new(SEED);
    let mut unanswered = 0;
    for _ in 0..KILLS {
        let mut started = run.start();
        for _ in 1..WRITES / KILLS {
            run.ask(&mut started);
        }
        unanswered += u64::from(run.ask_and_kill(started));
    }
    drop(run.start());
    println!("{unanswered} of {KILLS} kills came before an answer");
}

/// Nothing is written behind the answer that a restart needs.
#[test]
fn what_is_acknowledged_is_safe_before_the_answer() {
    let mut run = Run::new(SEED + 1);
    for _ in 0..40 {
        let mut started = run.start();
        let before = run.known.highest;
        while run.known.highest == before {
            run.ask(&mut started);
        }
        started.proxyd.kill();
        run.known.end();
    }
    drop(run.start());
}

/// One proxy after another at the same home.
struct Run {
    home: harness::Home,
    random: Random,
    writes: Writes,
    known: Acknowledged,
    /// What was in flight when the process was killed.
    in_flight: Option<Ask>,
    markers: BTreeMap<String, serde_json::Value>,
    /// How long the slowest of the last writes took.
    slowest: Duration,
}

impl Run {
    fn new(seed: u64) -> Self {
        Self {
            home: home(),
            random: Random::new(seed),
            writes: Writes::new(),
            known: Acknowledged::default(),
            in_flight: None,
            markers: BTreeMap::new(),
            slowest: Duration::from_millis(20),
        }
    }

    /// Starts the next process and compares what it serves with what was acknowledged.
    #[track_caller]
    fn start(&mut self) -> Started {
        let mut started = start(&self.home, &mut self.markers);
        let with = self.in_flight.take().map(|ask| ask.stays(&self.known));
        self.known.end();
        if let Some(with) = with.filter(|with| started.objects == *with) {
            self.known.objects = with;
        }
        assert_eq!(started.objects, self.known.objects, "{:#?}", started.proxyd.log().lines());
        let number = started.caller.revision();
        assert!(number >= self.known.highest, "{number} comes after {}", self.known.highest);
        self.known.highest = number;
        let remembered = revisions(&mut started.caller);
        let forgotten: Vec<_> = self.known.revisions.difference(&remembered).collect();
        assert!(forgotten.is_empty(), "{forgotten:?} in {remembered:?}");
        let certificates = started.caller.get("/certificates").body;
        let are_objects = started.objects.keys().filter(|(list, _)| list == "certificates").count();
        assert_eq!(certificates.as_array().unwrap().len(), are_objects, "{certificates}");
        let lines = started.proxyd.log().lines();
        assert!(
            !lines.iter().any(|line| line.contains("\"ERROR\"") && !line.contains("was not confirmed")),
            "{lines:#?}"
        );
        started
    }

    fn next(&mut self) -> Ask {
        if let Some((number, _)) = self.known.pending
            && self.random.below(3) > 0
        {
            return Ask::Confirm(number);
        }
        let pending = self.known.pending.as_ref().map(|(_, objects)| objects);
        let served = pending.unwrap_or(&self.known.objects);
        let write = self.writes.next(&mut self.random, served);
        if self.random.below(6) == 0 { Ask::Trial(write) } else { Ask::Write(write) }
    }

    #[track_caller]
    fn ask(&mut self, started: &mut Started) {
        let ask = self.next();
        let began = Instant::now();
        let answer = ask.send(&mut started.caller).unwrap();
        self.slowest = (self.slowest * 7 / 8).max(began.elapsed());
        let number = started.caller.revision();
        self.known.take(&ask, &answer, number);
    }

    /// Kills the process at some moment of a write. True where that was not answered.
    #[track_caller]
    fn ask_and_kill(&mut self, started: Started) -> bool {
        let ask = self.next();
        let Started { proxyd, mut caller, .. } = started;
        let moment = self.slowest * u32::try_from(self.random.below(150)).unwrap() / 100;
        let (sending, began) = (ask.clone(), Instant::now());
        let asking = std::thread::spawn(move || sending.send(&mut caller));
        // The moment is what is tried: nothing is waited for.
        while began.elapsed() < moment {
            std::thread::yield_now();
        }
        proxyd.kill();
        match asking.join().unwrap() {
            Some(answer) if answer.status < 300 => {
                self.known.objects = ask.stays(&self.known);
                self.known.end();
                false
            }
            Some(answer) => {
                assert_eq!(answer.status, 409, "{answer:?}");
                false
            }
            None => {
                self.in_flight = Some(ask);
                true
            }
        }
    }
}
