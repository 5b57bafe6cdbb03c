//! What is looked after while the proxy runs: revisions that wait, and the file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use proxy_core::events::ReloadFailed;

use super::Documents;
use crate::changes::{ChangeError, How};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What a file looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// That of the file that a path leads to, through links; `None` where there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

impl Documents {
    /// Takes revisions back that nobody confirms, keeps certificates fresh, and counts. To be run once, away from traffic, for as
    /// long as the proxy is.
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and run again.
    pub async fn run(&self) {
        tokio::join!(self.inner.control.run(), self.keep_time());
    }

    /// Reads the file again whenever it changes. A file that cannot be served is told in the log, and passed over until it changes
    /// again. To be run once, where that is wanted.
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and run again.
    pub async fn follow_file(&self) {
        // As it was before it was read first: what has happened to it since then is a change.
        let mut known = self.inner.read_at;
        let mut seen = known;
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            let now = Stamp::of(&self.inner.path);
            let (is_new, is_at_rest) = (now != known, now == seen);
            seen = now;
            // A file that is gone may be on its way back; one that still changes is not whole.
            if !is_new || !is_at_rest || now.is_none() || !self.has_nothing_to_wait_for() {
                continue;
            }
            let documents = self.clone();
            let reading = tokio::task::spawn_blocking(move || documents.reload_if_changed());
            if reading.await.unwrap_or(false) {
                known = now;
            }
        }
    }

    async fn keep_time(&self) {
        loop {
            let changed = self.inner.changed.notified();
            if self.has_nothing_to_wait_for() {
                changed.await;
                continue;
            }
            let documents = self.clone();
            let looked = tokio::task::spawn_blocking(move || documents.look_after_waiting()).await;
            if let Some(rest) = looked.ok().flatten() {
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep(rest) => {}
                }
            }
        }
    }

    /// True where that is so for certain; false also where somebody changes something at the moment.
    fn has_nothing_to_wait_for(&self) -> bool {
        self.inner.state.try_lock().is_ok_and(|state| state.waiting.is_none())
    }

    /// Reads the file again where it says something else than what was read last, served or passed over. False where that is to be
    /// tried again, as a revision waits.
    fn reload_if_changed(&self) -> bool {
        let outcome = self.state().tried(|state| {
            let proposal = self.read_again(state)?;
            if state.file.passed_over.as_ref() == Some(&proposal.file.digest) {
                return Ok(None);
            }
            self.commit(state, proposal, &How::by("file")).map(Some)
        });
        match outcome {
            Err(ChangeError::Pending { .. }) => false,
            Err(error) => {
                self.tell_refused(&error);
                true
            }
            Ok(_) => true,
        }
    }

    /// Tells that the file cannot be served as it is now.
    pub fn tell_refused(&self, error: &ChangeError) {
        let file = self.inner.path.display();
        let first = match error {
            ChangeError::Invalid { faults } => {
                faults.first().map(|fault| (faults.len() as u64, fault.problem.message.clone()))
            }
            _ => None,
        };
        let (problems, first) = first.unwrap_or_else(|| (1, error.to_string()));
        let events = self.inner.control.handle().events();
        events.emit(ReloadFailed::new(file.to_string(), problems, first));
        if let ChangeError::Invalid { faults } = error {
            for fault in faults {
                tracing::error!(%file, "{}", fault.problem);
            }
        }
        let error: &dyn std::error::Error = error;
        tracing::error!(%file, error, "the file cannot be served: what was served before still is");
    }
}
