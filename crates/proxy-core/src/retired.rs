//! What is served no more, and is let go of away from the workers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// So many are kept for those who still use them; beyond that, who uses the oldest one last frees it.
const MOST: usize = 64;
/// How often whatever nobody uses any more is looked for.
const PAUSE: Duration = Duration::from_secs(1);

/// Former snapshots. A large one takes milliseconds to be freed, which no worker is to spend: there is a reference here
/// for as long as there is one anywhere else.
#[derive(Debug)]
pub(crate) struct Retired<T> {
    kept: Mutex<VecDeque<Arc<T>>>,
    added: Notify,
}

impl<T> Default for Retired<T> {
    fn default() -> Self {
        Self { kept: Mutex::default(), added: Notify::new() }
    }
}

impl<T> Retired<T> {
    /// Keeps one until nobody else uses it. Those that nobody uses are freed, on this thread.
    pub(crate) fn add(&self, former: Arc<T>) {
        let mut kept = self.kept();
        kept.push_back(former);
        let mut unused = take_unused(&mut kept);
        if kept.len() > MOST {
            unused.extend(kept.pop_front());
        }
        drop(kept);
        drop(unused);
        self.added.notify_one();
    }

    /// Frees those that nobody uses any more. True where there were some.
    pub(crate) fn free(&self) -> bool {
        let unused = take_unused(&mut self.kept());
        !unused.is_empty()
    }

    /// Frees them from time to time, for ever, and says so each time. Nothing is polled while nothing is kept.
    pub(crate) async fn run(&self, mut freed: impl FnMut()) {
        loop {
            while self.kept().is_empty() {
                self.added.notified().await;
            }
            tokio::time::sleep(PAUSE).await;
            if self.free() {
                freed();
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody can take up what nobody else has.
fn take_unused<T>(kept: &mut VecDeque<Arc<T>>) -> VecDeque<Arc<T>> {
    let (unused, used) = kept.drain(..).partition(|former| Arc::strong_count(former) == 1);
    *kept = used;
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(retired: &Retired<u32>) -> usize {
        retired.kept().len()
    }

    #[test]
    fn what_somebody_uses_is_kept_until_nobody_does() {
        let retired = Retired::default();
        let used = Arc::new(1);
        let watch = Arc::downgrade(&used);
        retired.add(Arc::clone(&used));
        assert!(!retired.free());
        drop(used);
        assert_eq!((watch.strong_count(), count(&retired)), (1, 1));
        assert!(retired.free() && !retired.free());
        assert_eq!((watch.strong_count(), count(&retired)), (0, 0));
    }

    #[test]
    fn what_nobody_uses_goes_when_the_next_one_comes() {
        let retired = Retired::default();
        let watch = {
            let unused = Arc::new(1);
            retired.add(Arc::clone(&unused));
            Arc::downgrade(&unused)
        };
        retired.add(Arc::new(2));
        assert_eq!((watch.strong_count(), count(&retired)), (0, 0));
    }

    #[test]
    fn only_so_many_are_kept() {
        let retired = Retired::default();
        let used: Vec<Arc<u32>> = (0..200).map(Arc::new).collect();
        used.iter().for_each(|one| retired.add(Arc::clone(one)));
        assert_eq!(count(&retired), MOST);
        let kept = used.iter().filter(|one| Arc::strong_count(one) == 2).count();
        assert!(kept == MOST && Arc::strong_count(&used[0]) == 1);
    }
}
