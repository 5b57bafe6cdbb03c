//! Looks at what has changed, again and again.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::keeper::{Keeper, Shared};
use super::load::{self, Item, Stamps};
use super::parallel;
use super::source::Source;
use super::watch::Watch;

/// How often everything is looked at: there are file systems that tell nothing of what others change, above all those of other
/// machines.
const SWEEP: Duration = Duration::from_secs(60);
/// How long nothing is done after something of ours has failed.
const PAUSE: Duration = Duration::from_secs(5);

/// What has passed the time since the last round.
#[derive(Clone, Copy, Debug)]
struct Round {
    is_sweep: bool,
    at: Instant,
}

impl Keeper {
    /// Keeps certificates fresh, for as long as it is polled: files that change are read again, and served from then on where
    /// they hold a certificate. What is wrong with them is in the log and in [`Keeper::list`], and what was served before is served
    /// on. The log tells of certificates that expire soon, too. To be run once at a time.
    ///
    /// # Tasks
    /// What blocks is done on tokio's blocking threads; a watch over the files has a thread of its own while it lasts.
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and run again: what has changed meanwhile is found then.
    pub async fn run(&self) -> Infallible {
        let watch = Arc::new(Watch::default());
        self.shared.book().renew_files();
        let mut sweeps = interval(SWEEP);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let deadline = self.shared.book().deadline();
            let is_sweep = tokio::select! {
                _ = sweeps.tick() => true,
                () = watch.changes().gathered() => false,
                () = self.shared.followed.notified() => false,
                () = until(deadline) => false,
            };
            let round = Round { is_sweep, at: Instant::now() };
            let (shared, watch) = (Arc::clone(&self.shared), Arc::clone(&watch));
            if let Err(error) = spawn_blocking(move || shared.round(&watch, round)).await {
                tracing::error!(%error, "certificates could not be looked at");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Ends at that time; never, where there is none.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Shared {
    /// Reads again what may have changed. Files are watched before they are read, so that no change is between the two.
    fn round(&self, watch: &Watch, round: Round) {
        let files = self.book().take_files();
        if round.is_sweep {
            watch.check();
        }
        let changed = watch.changes().take();
        if let Some(files) = &files {
            watch.follow(files);
        }
        let mut concerned = self.book().of_files(&changed.files);
        watch.attend(files_of(&concerned), &changed.lost);
        concerned.extend(self.book().due(round.at));
        if round.is_sweep || changed.is_overrun || files.is_some() {
            let stale = stale(&self.book().read());
            watch.attend(files_of(&stale), &HashSet::new());
            concerned.extend(stale);
        }
        if round.is_sweep {
            concerned.extend(self.book().healed(self.now()));
        }
        self.read(concerned, round.at);
        if round.is_sweep {
            self.tell_of_expiry();
        }
    }

    /// Reads these again, and serves what they give.
    fn read(&self, sources: Vec<Arc<Source>>, at: Instant) {
        let by_id: HashMap<_, _> = sources.into_iter().map(|source| (source.id.clone(), source)).collect();
        let sources: Vec<_> = by_id.into_values().collect();
        let now = self.now();
        let items = parallel::map(&sources, |source| Item::read(source, now));
        self.tell_each(&self.change(|book, _| book.take(items, at)));
    }

    fn tell_of_expiry(&self) {
        let mut watchman = self.watchman.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell_each(&watchman.look(&self.certificates().list(), self.now()));
    }
}

fn files_of(sources: &[Arc<Source>]) -> Vec<Arc<Path>> {
    sources.iter().flat_map(|source| source.files()).map(Arc::from).collect()
}

/// The sources whose files do not look as they did when they were read.
fn stale(read: &[(Arc<Source>, Stamps)]) -> Vec<Arc<Source>> {
    let is_stale = |(source, stamps): &&(Arc<Source>, Stamps)| load::stamps(source) != *stamps;
    read.iter().filter(is_stale).map(|(source, _)| Arc::clone(source)).collect()
}

#[cfg(test)]
mod tests;
