//! What is known of one source.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tls_sni::Served;
use tokio::time::Instant;

use crate::certificates::load::{Failure, Item, Stamps};
use crate::certificates::notice::Notice;
use crate::certificates::source::Source;
use crate::certificates::status::Summary;

/// How long something may be wrong before somebody is told: a certificate and its key are two files, written one after the
/// other.
const PATIENCE: Duration = Duration::from_secs(1);

/// A source, what is served of it, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) source: Arc<Source>,
    pub(super) is_stored: bool,
    pub(super) stamps: Stamps,
    pub(super) served: Option<Served>,
    failing: Option<Failing>,
}

/// What is wrong with what is there now.
#[derive(Debug)]
struct Failing {
    failure: Failure,
    since: Instant,
    is_told: bool,
}

impl Entry {
    /// One that has not been read, with what is served for it meanwhile.
    pub(super) const fn new(source: Arc<Source>, is_stored: bool, served: Option<Served>) -> Self {
        Self { source, is_stored, stamps: [None; 2], served, failing: None }
    }

    /// Takes in what the source gave when it was read: gives what is served from now on, where that is something else than
    /// before, and what is to be told. What the source gave before stays where it gives nothing now.
    pub(super) fn take(
        &mut self,
        stamps: Stamps,
        result: Result<Served, Failure>,
        at: Instant,
    ) -> (Option<Served>, Option<Notice>) {
        self.stamps = stamps;
        match result {
            Ok(served) => self.succeed(served),
            Err(failure) => (None, self.fail(failure, at)),
        }
    }

    fn succeed(&mut self, served: Served) -> (Option<Served>, Option<Notice>) {
        let was_told = self.failing.take().is_some_and(|failing| failing.is_told);
        let id = self.source.id.clone();
        if self.served.as_ref() == Some(&served) {
            return (None, was_told.then_some(Notice::Mended { id }));
        }
        self.served = Some(served.clone());
        let notice = Notice::Served { id, summary: Summary::of(&served) };
        (Some(served), Some(notice))
    }

    fn fail(&mut self, failure: Failure, at: Instant) -> Option<Notice> {
        let since = self.failing.as_ref().map_or(at, |failing| failing.since);
        if self.failing.as_ref().is_some_and(|failing| failing.is_told && failing.failure == failure) {
            return None;
        }
        let is_told = at.duration_since(since) >= PATIENCE;
        self.failing = Some(Failing { failure: failure.clone(), since, is_told });
        Some(if is_told {
            Notice::Failed { failure, is_served: self.served.is_some() }
        } else {
            Notice::Unsettled(failure)
        })
    }

    /// What the source gave; `None` where what is there now is not what it gave.
    pub(super) fn item(&self) -> Option<Item> {
        let served = self.served.clone().filter(|_| self.failing.is_none())?;
        Some(Item { source: Arc::clone(&self.source), stamps: self.stamps, result: Ok(served) })
    }

    /// What is wrong with what is there now.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failing.as_ref().map(|failing| &failing.failure)
    }

    /// When it is to be looked at again, so that what is wrong is told if it lasts.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.failing.as_ref().filter(|failing| !failing.is_told)?.since.checked_add(PATIENCE)
    }

    /// True where time alone has put right what is wrong.
    pub(super) fn is_healed(&self, now: SystemTime) -> bool {
        self.failure().and_then(Failure::heals_at).is_some_and(|begins| begins <= now)
    }
}
