//! A long random walk of the breaker beside a model that keeps the history of what happened.

use super::{Admission, Breaker, BreakerSettings, Change, Circuit, Counts};
use std::time::Duration;

const STEPS: usize = 100_000;
const OPEN: u64 = 3_000;
const RAMP: u64 = 2_000;

/// What happened last that counts, and when in milliseconds.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Opening(u64),
    GoodProbe(u64),
}

struct Model {
    ramp: Option<u64>,
    last: Last,
    /// The request that is the probe, if one is under way.
    probe: Option<usize>,
}

struct Request {
    admission: Admission,
    id: usize,
    /// What had happened last when it was admitted.
    admitted_after: Last,
}

impl Model {
    fn state(&self, now: u64) -> Circuit {
        match self.last {
            Last::Opening(at) if now < at + OPEN => Circuit::Open,
            Last::Opening(_) => Circuit::HalfOpen,
            Last::GoodProbe(at) if self.ramp.is_some_and(|ramp| now < at + ramp) => Circuit::Ramping,
            Last::Nothing | Last::GoodProbe(_) => Circuit::Closed,
        }
    }

    fn end(&mut self, request: &Request, failed: bool, is_bad: bool, now: u64) -> Option<Change> {
        if self.probe == Some(request.id) {
            self.probe = None;
            self.last = if failed { Last::Opening(now) } else { Last::GoodProbe(now) };
            return Some(match (failed, self.ramp) {
                (true, _) => Change::Opened,
                (false, Some(_)) => Change::Ramped,
                (false, None) => Change::Closed,
            });
        }
        let counts = failed && is_bad && request.admitted_after == self.last;
        if counts && matches!(self.state(now), Circuit::Closed | Circuit::Ramping) {
            self.last = Last::Opening(now);
            return Some(Change::Opened);
        }
        None
    }
}

fn walk(seed: u64, ramp: Option<u64>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let settings = BreakerSettings {
        failure_percent: Some(50),
        minimum: 10,
        consecutive: Some(5),
        open: Duration::from_millis(OPEN),
        ramp: ramp.map(Duration::from_millis),
    };
    let (mut breaker, mut model) = (Breaker::new(settings), Model { ramp, last: Last::Nothing, probe: None });
    let (mut now, mut running, mut seen): (u64, Vec<Request>, [usize; 4]) = (0, Vec::new(), [0; 4]);
    for step in 0..STEPS {
        let place = || format!("seed {seed}, step {step}");
        // Time goes on with each step, so that `Last` tells epochs apart.
        now += random.u64(1..400);
        let time = Duration::from_millis(now);
        let state = model.state(now);
        assert_eq!(breaker.state(time), state, "{}", place());
        seen[state as usize] += 1;
        let _by_time = breaker.advance(time);
        if running.is_empty() || random.bool() {
            let admission = breaker.admit(time, random.u64(..));
            match (state, &admission) {
                (Circuit::Closed, Admission::Pass(_)) => {}
                (Circuit::Open, Admission::Refuse { retry_after }) => {
                    assert_eq!(breaker.next_change(time), Some(time + *retry_after), "{}", place());
                }
                (Circuit::HalfOpen, Admission::Probe(_)) if model.probe.is_none() => model.probe = Some(step),
                (Circuit::HalfOpen, Admission::Refuse { .. }) if model.probe.is_some() => {}
                (Circuit::Ramping, Admission::Pass(_) | Admission::Refuse { .. }) => {}
                wrong => panic!("{}: {wrong:?}", place()),
            }
            running.push(Request { admission, id: step, admitted_after: model.last });
            if !admission.is_admitted() {
                running.pop();
            }
            continue;
        }
        let request = running.swap_remove(random.usize(0..running.len()));
        assert_eq!(breaker.is_current(&request.admission), request.admitted_after == model.last);
        let (failed, counts, consecutive) = (random.bool(), random.u64(0..14), random.u32(0..7));
        let is_bad = counts >= 10 || consecutive >= 5;
        let counts = Counts { ok: 0, failed: counts };
        if random.u8(0..4) == 0 {
            breaker.abandoned(&request.admission);
            model.probe = model.probe.filter(|probe| *probe != request.id);
            continue;
        }
        let expected = model.end(&request, failed, is_bad, now).unwrap_or(Change::Unchanged);
        let change = if failed {
            breaker.failed(&request.admission, counts, consecutive, time)
        } else {
            breaker.succeeded(&request.admission, time)
        };
        assert_eq!(change, expected, "{}", place());
    }
    let expected = if ramp.is_some() { 4 } else { 3 };
    let visited = seen.iter().filter(|count| **count > STEPS / 50).count();
    assert_eq!(visited, expected, "the walk went nowhere: {seen:?}");
}

#[test]
fn a_random_walk_agrees_with_the_history() {
    walk(7, None);
    walk(8, Some(RAMP));
}
