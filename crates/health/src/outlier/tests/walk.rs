//! A long random walk of the ejections beside a model that keeps what happened to each backend.

use super::{Ejection, OutlierSettings, Outliers, PLAIN};
use std::time::Duration;

const STEPS: usize = 100_000;
const SIZE: usize = 7;

/// Times are whole milliseconds.
#[derive(Clone, Copy, Default)]
struct Backend {
    out_until: Option<u64>,
    /// Ejections, and for how many base times it was in since it returned.
    times: u64,
    returned: u64,
    on_probation: bool,
}

impl Backend {
    /// The ejections that are left: counted down from the return, never stored.
    fn left(&self, now: u64) -> u64 {
        self.times.saturating_sub((now - self.returned) / 30_000)
    }

    fn come_back(&mut self, now: u64) {
        (self.out_until, self.returned, self.on_probation) = (None, now, true);
    }
}

#[test]
fn a_random_walk_agrees_with_what_happened_to_each() {
    let seed = 12;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut outliers = Outliers::new(OutlierSettings { jitter: 0.0, ..PLAIN });
    let (mut model, mut now, mut seen) = ([Backend::default(); SIZE], 0_u64, [0_usize; 3]);
    for step in 0..STEPS {
        now += random.u64(0..8_000);
        let (time, key) = (Duration::from_millis(now), random.usize(0..SIZE));
        let out = model.iter().filter(|backend| backend.out_until.is_some()).count();
        match random.u8(0..8) {
            0..3 => {
                let backend = &mut model[key];
                let expected = if backend.out_until.is_some() {
                    seen[0] += 1;
                    Ejection::AlreadyOut
                } else if out >= SIZE / 2 {
                    seen[1] += 1;
                    Ejection::Capped
                } else {
                    seen[2] += 1;
                    backend.times = backend.left(now) + 1;
                    let until = now + (30_000 * backend.times).min(100_000);
                    (backend.out_until, backend.on_probation) = (Some(until), false);
                    Ejection::Ejected { until: Duration::from_millis(until) }
                };
                let actual = outliers.eject(&key, SIZE, time, random.u64(..));
                assert_eq!(actual, expected, "seed {seed}, step {step}");
            }
            3 => {
                let was_out = model[key].out_until.is_some();
                if was_out {
                    model[key].come_back(now);
                }
                assert_eq!(outliers.return_early(&key, time), was_out, "seed {seed}, step {step}");
            }
            4 => {
                outliers.succeeded(&key, time);
                model[key].on_probation = false;
            }
            5 if random.u8(0..20) == 0 => {
                outliers.forget(&key);
                model[key] = Backend::default();
            }
            _ => {
                let mut returned = outliers.due(time);
                returned.sort_unstable();
                let is_due = |key: &usize| model[*key].out_until.is_some_and(|until| until <= now);
                let expected: Vec<usize> = (0..SIZE).filter(is_due).collect();
                expected.iter().for_each(|key| model[*key].come_back(now));
                assert_eq!(returned, expected, "seed {seed}, step {step}");
            }
        }
        for (key, backend) in model.iter().enumerate() {
            let expected = (backend.out_until.is_some(), backend.on_probation);
            let actual = (outliers.is_out(&key), outliers.is_probation(&key));
            assert_eq!(actual, expected, "seed {seed}, step {step}, {key}");
        }
        let next = model.iter().filter_map(|backend| backend.out_until).min();
        assert_eq!(outliers.next_due(), next.map(Duration::from_millis), "seed {seed}, step {step}");
    }
    assert!(seen.iter().all(|count| *count > STEPS / 50), "the walk went nowhere: {seen:?}");
}
