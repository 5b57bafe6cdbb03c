//! The same work on many things, over all cores.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

/// How many things a thread takes at once; fewer are not worth a thread.
const SHARE: usize = 16;

/// What `work` makes of each thing, in their order. The calling thread works too, so that few things need no other and
/// a system that gives no threads gives results all the same.
pub(super) fn map<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(SHARE, Ordering::Relaxed);
            let share = things.iter().enumerate().skip(from).take(SHARE);
            done.extend(share.map(|(index, thing)| (index, work(thing))));
            if from >= things.len() {
                return done;
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let helpers = cores.min(things.len().div_ceil(SHARE)).saturating_sub(1);
    let mut done = thread::scope(|scope| {
        // As many as the system gives.
        let spawned: Vec<_> =
            (0..helpers).map_while(|_| Builder::new().spawn_scoped(scope, take).ok()).collect();
        let mut done = take();
        for thread in spawned {
            match thread.join() {
                Ok(others) => done.extend(others),
                Err(panicked) => panic::resume_unwind(panicked),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_things() {
        for count in [0, 1, SHARE, SHARE + 1, 10_000] {
            let things: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = things.iter().map(|thing| thing * 2).collect();
            assert_eq!(map(&things, |thing| thing * 2), doubled);
        }
    }
}
