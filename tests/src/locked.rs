//! Locks, whatever became of the threads that held them before: a test that has failed must still be able to end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::PATIENCE;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until something holds of what the mutex guards; what it guards then, and false where that took too long.
pub(crate) fn wait_until<'m, T>(
    mutex: &'m Mutex<T>,
    changed: &Condvar,
    mut holds: impl FnMut(&T) -> bool,
) -> (MutexGuard<'m, T>, bool) {
    let waited = changed.wait_timeout_while(lock(mutex), PATIENCE, |state| !holds(state));
    let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
    (state, !waited.timed_out())
}
