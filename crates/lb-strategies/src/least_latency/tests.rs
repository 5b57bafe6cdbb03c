use super::LeastLatency;
use crate::{BackendView, Loads, NoLoads, PeakEwma, PickContext, Picker, Strategy, Weight, hash::word};
use std::{cmp::Reverse, collections::BinaryHeap};

const MILLI: u64 = 1_000_000;

fn picker(weights: &[u32]) -> Box<dyn Picker> {
    let backends: Vec<_> = weights
        .iter()
        .map(|&weight| BackendView::new("any", Weight::new(weight).expect("in range")))
        .collect();
    LeastLatency.picker(&backends)
}

struct Fixed(Vec<(Option<u64>, u32)>);

impl Loads for Fixed {
    fn in_flight(&self, index: usize) -> u32 {
        self.0[index].1
    }

    fn latency_nanos(&self, index: usize) -> Option<u64> {
        self.0[index].0
    }
}

/// With two backends both are always drawn: the smaller cost wins every time, and a tie by chance.
#[test]
fn the_smaller_product_of_latency_and_requests_by_weight_wins() {
    for (weights, loads, expected) in [
        ([1, 1], [(Some(10), 0), (Some(11), 0)], Some(0)),
        ([1, 1], [(Some(10), 1), (Some(19), 0)], Some(1)),
        ([1, 1], [(Some(10), 1), (Some(20), 0)], None),
        ([1, 2], [(Some(10), 0), (Some(19), 0)], Some(1)),
        ([1, 2], [(Some(10), 0), (Some(21), 0)], Some(0)),
        ([1, 1], [(None, 0), (Some(30 * MILLI - 1), 0)], Some(1)),
        ([1, 1], [(None, 0), (Some(30 * MILLI + 1), 0)], Some(0)),
        ([1, 1], [(None, 0), (None, 0)], None),
        ([1, 65_535], [(Some(u64::MAX), u32::MAX), (Some(u64::MAX), u32::MAX)], Some(1)),
        ([65_535, 65_535], [(Some(u64::MAX), u32::MAX), (Some(u64::MAX - 1), u32::MAX)], Some(1)),
        ([1, 1], [(Some(0), 7), (Some(0), 0)], None),
    ] {
        let (picker, loads) = (picker(&weights), Fixed(loads.to_vec()));
        let context = |n| PickContext::new(&loads).with_entropy(word(3, n));
        let first = (0..200).filter(|&n| picker.pick(&context(n)) == Some(0)).count();
        let winner = match first {
            200 => Some(0),
            0 => Some(1),
            _ => None,
        };
        assert_eq!(winner, expected, "{weights:?} {:?}", loads.0);
    }
}

#[test]
fn a_retry_and_an_empty_set_are_dealt_with() {
    let picker = picker(&[1, 1, 1]);
    let context = PickContext::new(&NoLoads);
    assert_eq!(picker.pick(&context.with_tried([0, 2].into_iter().collect())), Some(1));
    assert_eq!(picker.pick(&context.with_tried((0..3).collect())), None);
    assert_eq!(LeastLatency.picker(&[]).pick(&context), None);
}

/// What a backend does with a request.
#[derive(Clone, Copy)]
struct Behaviour {
    takes_nanos: u64,
    fails: bool,
}

/// Ten backends under an even stream of requests.
struct Simulation {
    backends: Vec<(PeakEwma, u32, Behaviour)>,
    now: u64,
    penalties: bool,
}

impl Loads for Simulation {
    fn in_flight(&self, index: usize) -> u32 {
        self.backends[index].1
    }

    fn latency_nanos(&self, index: usize) -> Option<u64> {
        self.backends[index].0.estimate(self.now)
    }
}

impl Simulation {
    /// Nine backends that answer in 10 milliseconds, and then this one.
    fn new(odd: Behaviour, penalties: bool) -> Self {
        let sound = Behaviour { takes_nanos: 10 * MILLI, fails: false };
        let behaviours = (0..9).map(|_| sound).chain([odd]);
        let backends = behaviours.map(|behaviour| (PeakEwma::new(), 0, behaviour)).collect();
        Self { backends, now: 0, penalties }
    }

    /// The share of the requests of one minute, one each millisecond, that the last backend got.
    fn share_of_the_odd_one(mut self) -> f64 {
        let picker = picker(&[1; 10]);
        let mut ends: BinaryHeap<Reverse<(u64, usize, u64)>> = BinaryHeap::new();
        let (mut odd, requests) = (0, 60_000);
        for n in 0..requests {
            self.now = n * MILLI;
            while let Some(&Reverse((end, index, began))) =
                ends.peek().filter(|Reverse((end, ..))| *end <= self.now)
            {
                ends.pop();
                self.end(end, index, began);
            }
            let index =
                picker.pick(&PickContext::new(&self).with_entropy(word(11, n))).expect("ten are left");
            self.backends[index].1 += 1;
            ends.push(Reverse((self.now + self.backends[index].2.takes_nanos, index, self.now)));
            odd += u64::from(index == 9);
        }
        odd as f64 / requests as f64
    }

    fn end(&mut self, end: u64, index: usize, began: u64) {
        let (latency, in_flight, behaviour) = &mut self.backends[index];
        *in_flight -= 1;
        if behaviour.fails && self.penalties {
            latency.penalise(PeakEwma::penalty_nanos(None), end);
        } else {
            latency.record(end - began, end);
        }
    }
}

#[test]
fn a_backend_ten_times_slower_gets_hardly_anything() {
    let alike = Simulation::new(Behaviour { takes_nanos: 10 * MILLI, fails: false }, true);
    assert!((0.08..0.12).contains(&alike.share_of_the_odd_one()));
    let slow = Simulation::new(Behaviour { takes_nanos: 100 * MILLI, fails: false }, true);
    let share = slow.share_of_the_odd_one();
    assert!(share > 0.0 && share < 0.005, "{share}");
}

#[test]
fn a_backend_that_fails_fast_gets_hardly_anything_thanks_to_the_penalty() {
    let fails_fast = Behaviour { takes_nanos: MILLI / 10, fails: true };
    let share = Simulation::new(fails_fast, true).share_of_the_odd_one();
    assert!(share > 0.0 && share < 0.001, "{share}");
    let share = Simulation::new(fails_fast, false).share_of_the_odd_one();
    assert!(share > 0.15, "without penalties it draws requests: {share}");
}
