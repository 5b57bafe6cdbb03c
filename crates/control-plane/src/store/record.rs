//! What is known of a revision.

use std::time::SystemTime;

use super::layers::ObjectChange;

/// A revision: who did what to the layers, and when. Times are kept to the millisecond.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// Its number, which no other revision has ever had.
    pub(crate) number: u64,
    /// The number of the revision that it follows; 0 for the first.
    pub(crate) parent: u64,
    /// When it was accepted.
    pub(crate) at: SystemTime,
    /// Who asked for it.
    pub(crate) by: String,
    /// What was asked for.
    pub(crate) what: What,
    /// What it did, in words.
    pub(crate) summary: String,
    /// What it did.
    pub(crate) changes: Vec<ObjectChange>,
    /// It is to be reverted unless it is confirmed before this time.
    pub(crate) confirm_until: Option<SystemTime>,
    /// Who confirmed it. This is known by [`Store::confirm`](super::Store::confirm) alone; it is not part of what is
    /// appended.
    pub(crate) confirmed: Option<Confirmation>,
    /// The digest of the file whose layer it has.
    pub(crate) file_digest: Option<String>,
    /// The digest of the file that is not served although it is there, since a rollback took another one's layer.
    pub(crate) pinned_from: Option<String>,
}

/// What kind of change a revision is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The proxy started with a file that it did not know.
    Start,
    /// The API was written to.
    Write,
    /// The file changed.
    File,
    /// The layers are those of an earlier revision again.
    Rollback {
        /// Which.
        to: u64,
    },
    /// A revision was taken back by itself.
    Reverted {
        /// Which.
        number: u64,
        /// For what reason.
        why: String,
    },
}

/// Who confirmed a revision, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Confirmation {
    /// When.
    pub(crate) at: SystemTime,
    /// Who.
    pub(crate) by: String,
}

impl Record {
    /// It is to be reverted unless somebody confirms it.
    pub(crate) const fn is_pending(&self) -> bool {
        self.confirm_until.is_some() && self.confirmed.is_none()
    }
}
