//! Calls a function with one input after the other, and watches it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::mutate::Mutator;

/// A function that takes longer over one input hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// An input that a function did not survive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// What happened, as a verb.
    pub(crate) what: &'static str,
    /// How many inputs came before.
    pub(crate) run: u64,
    pub(crate) input: Vec<u8>,
}

/// What the function is busy with.
#[derive(Debug, Default)]
struct Busy {
    run: u64,
    input: Vec<u8>,
}

/// Calls `function` with inputs from `mutator` for as long as `time`, and returns how many there were.
///
/// # Errors
/// The first input that made it panic or hang. A function that hangs goes on in its thread.
pub(crate) fn run(function: fn(&[u8]), mutator: Mutator, time: Duration) -> Result<u64, Failure> {
    let busy = Arc::new(Mutex::new(Busy::default()));
    let (done, ended) = mpsc::channel();
    let shared = Arc::clone(&busy);
    std::thread::spawn(move || feed(function, mutator, (&shared, time), &done));
    let mut last = None;
    loop {
        match ended.recv_timeout(PATIENCE) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
                if last == Some(busy.run) {
                    return Err(Failure { what: "hangs", run: busy.run, input: busy.input.clone() });
                }
                last = Some(busy.run);
            }
        }
    }
}

type Outcome = Result<u64, Failure>;

fn feed(
    function: fn(&[u8]),
    mut mutator: Mutator,
    (busy, time): (&Mutex<Busy>, Duration),
    done: &Sender<Outcome>,
) {
    let started = Instant::now();
    let mut input = Vec::new();
    let mut run = 0;
    loop {
        match usize::try_from(run).ok().and_then(|run| mutator.corpus().get(run)) {
            Some(kept) => input.clone_from(kept),
            None if started.elapsed() >= time => break,
            None => mutator.next_into(&mut input),
        }
        {
            let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
            busy.run = run;
            busy.input.clone_from(&input);
        }
        // The function gets bytes only, so nothing of ours can be left half done.
        if catch_unwind(AssertUnwindSafe(|| function(&input))).is_err() {
            let _ = done.send(Err(Failure { what: "panics", run, input }));
            return;
        }
        run += 1;
    }
    // Nobody listens any more only after the program gave up on this thread.
    let _ = done.send(Ok(run));
}

#[cfg(test)]
mod tests;
