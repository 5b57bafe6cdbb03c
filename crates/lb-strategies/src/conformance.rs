//! Checks that any strategy keeps the promises of [`Strategy`] and [`Picker`].
//!
//! ```
//! use lb_strategies::{RoundRobin, conformance::Conformance};
//!
//! Conformance::new().check(&RoundRobin)?;
//! # Ok::<(), lb_strategies::conformance::Violation>(())
//! ```

mod cases;
mod hashing;
mod violation;

#[cfg(test)]
mod tests;

pub use violation::Violation;

use crate::{BackendView, NoLoads, PickContext, Picker, Strategy, Tried};
use cases::{Case, Entropy, LoadsOf};
use std::thread;

/// Picks whose share is compared with the weights.
const FAIR_PICKS: u64 = 20_000;
/// Contexts per set that are picked for at random.
const RANDOM_PICKS: usize = 200;
/// Threads that pick at once.
const THREADS: usize = 4;

/// A set of checks.
///
/// # Defaults
///
/// All checks but those for strategies that hash, with a share that may be 0.02 off what the weight says.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Conformance {
    seed: u64,
    fairness: Option<f64>,
    hashing: bool,
}

impl Default for Conformance {
    fn default() -> Self {
        Self { seed: 1, fairness: Some(0.02), hashing: false }
    }
}

impl Conformance {
    /// All checks but those of [`hashing`](Self::hashing).
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with other random contexts.
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same with a share of the picks, 0 to 1, that may be this much off what the weight says.
    pub const fn with_fairness(mut self, bound: f64) -> Self {
        self.fairness = Some(bound);
        self
    }

    /// The same without the check of fairness, for strategies that mean not to be: the first one that is
    /// left, the fastest one.
    pub const fn without_fairness(mut self) -> Self {
        self.fairness = None;
        self
    }

    /// The same with the checks for strategies that send the same affinity to the same backend.
    pub const fn hashing(mut self) -> Self {
        self.hashing = true;
        self
    }

    /// Runs the checks.
    ///
    /// * Total: an empty set gives `None`, whatever the context.
    /// * In range: each answer is an index of the set.
    /// * Never a tried backend, and `None` only if every backend was tried.
    /// * Exhaustive: from any set of tried backends on, trying each pick leads to every other backend once.
    /// * Pure: the same context gives the same answer, in any order and from a picker built anew.
    /// * Shared: many threads at once get the answers that one alone gets.
    /// * Fair: with no load, each backend's share of 20,000 picks is what its weight says, within a bound.
    ///
    /// For strategies that hash ([`hashing`](Self::hashing)), with no load:
    ///
    /// * Stable: the affinity alone decides, and the order of the set does not matter.
    /// * Minimal: without one backend its own affinities move and no others, be it removed or tried.
    ///
    /// # Errors
    ///
    /// The first promise found broken, with the set and the context that show it.
    pub fn check(&self, strategy: &dyn Strategy) -> Result<(), Violation> {
        check_empty(strategy, self.seed)?;
        for case in cases::sets() {
            let picker = strategy.picker(&case.backends());
            check_random_picks(strategy, &*picker, &case, self.seed)?;
            check_exhaustion(&*picker, &case, self.seed)?;
            check_threads(&*picker, &case, self.seed)?;
            if self.hashing {
                hashing::check(strategy, &case, self.seed)?;
            }
            if let Some(bound) = self.fairness {
                check_shares(&*picker, &case, self.seed, bound)?;
            }
        }
        Ok(())
    }
}

fn check_empty(strategy: &dyn Strategy, seed: u64) -> Result<(), Violation> {
    let picker = strategy.picker(&[]);
    let mut entropy = Entropy::new(seed);
    for _ in 0..RANDOM_PICKS {
        let loads = LoadsOf(entropy.next());
        if let Some(index) = picker.pick(&entropy.context(&loads, 0)) {
            return Err(Violation::OutOfRange { index, count: 0 });
        }
    }
    Ok(())
}

/// Picks under random contexts, then again in reverse order with a picker built anew.
fn check_random_picks(
    strategy: &dyn Strategy,
    picker: &dyn Picker,
    case: &Case,
    seed: u64,
) -> Result<(), Violation> {
    let mut entropy = Entropy::new(seed);
    let loads = LoadsOf(entropy.next());
    let contexts: Vec<PickContext<'_>> =
        (0..RANDOM_PICKS).map(|_| entropy.context(&loads, case.count())).collect();
    let mut answers = Vec::with_capacity(contexts.len());
    for context in &contexts {
        answers.push(check_pick(picker, context, case)?);
    }
    let anew = strategy.picker(&case.backends());
    for (context, answer) in contexts.iter().zip(answers).rev() {
        for second in [picker.pick(context), anew.pick(context)] {
            if second != answer {
                return Err(Violation::Impure { set: case.to_string(), first: answer, second });
            }
        }
    }
    Ok(())
}

/// Tries one backend after the other until none is left, from the start and from the middle. That no pick
/// comes twice and none is missing is what [`check_pick`] finds.
fn check_exhaustion(picker: &dyn Picker, case: &Case, seed: u64) -> Result<(), Violation> {
    let mut entropy = Entropy::new(seed);
    let loads = LoadsOf(entropy.next());
    for most_tried in [0, case.count()] {
        let mut context = entropy.context(&loads, most_tried);
        for _ in 0..case.count().min(Tried::CAPACITY) {
            if let Some(index) = check_pick(picker, &context, case)? {
                context.tried.insert(index);
            }
            context.sequence = context.sequence.wrapping_add(1);
        }
        check_pick(picker, &context, case)?;
    }
    Ok(())
}

/// The answers of one thread, then those of several at once, each of which begins somewhere else.
fn check_threads(picker: &dyn Picker, case: &Case, seed: u64) -> Result<(), Violation> {
    let answers = |skip: usize| {
        let mut entropy = Entropy::new(seed);
        let loads = LoadsOf(entropy.next());
        let contexts: Vec<_> = (0..RANDOM_PICKS).map(|_| entropy.context(&loads, case.count())).collect();
        let (first, last) = contexts.split_at(skip.min(RANDOM_PICKS));
        let mut answers: Vec<_> = last.iter().chain(first).map(|context| picker.pick(context)).collect();
        answers.rotate_right(skip.min(RANDOM_PICKS));
        answers
    };
    let alone = answers(0);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || answers(thread * RANDOM_PICKS / THREADS)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            let together = thread.join().unwrap_or_default();
            let differing = alone.iter().zip(together).find(|(first, second)| *first != second);
            differing.map_or(Ok(()), |(&first, second)| {
                Err(Violation::Impure { set: case.to_string(), first, second })
            })
        })
    })
}

/// One pick, checked against the promises that need no second one.
fn check_pick(
    picker: &dyn Picker,
    context: &PickContext<'_>,
    case: &Case,
) -> Result<Option<usize>, Violation> {
    let answer = picker.pick(context);
    match answer {
        Some(index) if index >= case.count() => Err(Violation::OutOfRange { index, count: case.count() }),
        Some(index) if context.tried.contains(index) => {
            Err(Violation::AlreadyTried { set: case.to_string(), index })
        }
        None if (0..case.count()).any(|index| !context.tried.contains(index)) => {
            Err(Violation::GaveUp { set: case.to_string(), tried: context.tried.len() })
        }
        _ => Ok(answer),
    }
}

fn check_shares(picker: &dyn Picker, case: &Case, seed: u64, bound: f64) -> Result<(), Violation> {
    let mut entropy = Entropy::new(seed);
    let mut counts = vec![0_u64; case.count()];
    for sequence in 0..FAIR_PICKS {
        let context = PickContext::new(&NoLoads)
            .with_affinity(Some(entropy.next()))
            .with_entropy(entropy.next())
            .with_sequence(sequence)
            .with_now_nanos(sequence * 1_000_000);
        if let Some(count) = check_pick(picker, &context, case)?.and_then(|index| counts.get_mut(index)) {
            *count += 1;
        }
    }
    let backends = case.backends();
    let total: f64 = backends.iter().map(weight).sum();
    for (backend, count) in backends.iter().zip(counts) {
        let (actual, expected) = (count as f64 / FAIR_PICKS as f64, weight(backend) / total);
        if (actual - expected).abs() > bound {
            return Err(Violation::Unfair {
                set: case.to_string(),
                id: backend.id.to_owned(),
                expected,
                actual,
            });
        }
    }
    Ok(())
}

fn weight(backend: &BackendView<'_>) -> f64 {
    f64::from(backend.weight.get())
}
