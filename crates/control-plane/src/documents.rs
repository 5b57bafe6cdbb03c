//! The one owner of the document: the file's layer, the API's layer on top, and every revision of the two.

use std::sync::Arc;

use crate::ControlPlane;
use crate::changes::{Applied, Change, ChangeError, How, Planned, Revision, View};

/// The one owner of the document. Changes are made one after another, each whole or not at all. Cheap to clone; all clones are
/// the same.
#[derive(Clone)]
pub struct Documents {
    inner: Arc<Inner>,
}

struct Inner {
    control: ControlPlane,
}

impl Documents {
    /// The document that is served.
    pub fn view(&self) -> Arc<View> {
        panic!("not yet")
    }

    /// What a change would do. Blocks while it compiles.
    ///
    /// # Errors
    /// Why it would be refused.
    pub fn plan(&self, _change: &Change) -> Result<Planned, ChangeError> {
        Err(ChangeError::Internal("not yet".into()))
    }

    /// Makes a change: it is safe on the disk and served when this returns. Blocks: nothing for a worker's thread.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn apply(&self, _change: &Change, _how: &How) -> Result<Applied, ChangeError> {
        Err(ChangeError::Internal("not yet".into()))
    }

    /// Keeps a revision that waits for its confirmation.
    ///
    /// # Errors
    /// [`ChangeError::NotPending`] where it does not wait, or not any more.
    pub fn confirm(&self, _revision: u64, _by: &str) -> Result<(), ChangeError> {
        Err(ChangeError::Internal("not yet".into()))
    }

    /// Serves the document of a former revision again, as a new revision.
    ///
    /// # Errors
    /// Why it cannot be served; nothing has changed then.
    pub fn roll_back(&self, _to: u64, _how: &How) -> Result<Applied, ChangeError> {
        Err(ChangeError::Internal("not yet".into()))
    }

    /// What [`roll_back`](Self::roll_back) would do.
    ///
    /// # Errors
    /// Why it would be refused.
    pub fn plan_roll_back(&self, _to: u64) -> Result<Planned, ChangeError> {
        Err(ChangeError::Internal("not yet".into()))
    }

    /// Reads the file again, and serves what it says now.
    ///
    /// # Errors
    /// Why it cannot be served; nothing has changed then.
    pub fn reload(&self, _by: &str) -> Result<Applied, ChangeError> {
        Err(ChangeError::Internal("not yet".into()))
    }

    /// The revisions that are remembered, the newest first.
    pub fn revisions(&self) -> Vec<Arc<Revision>> {
        Vec::new()
    }

    /// A revision that is remembered.
    pub fn revision(&self, _number: u64) -> Option<Arc<Revision>> {
        None
    }

    /// The revision that waits for its confirmation.
    pub fn pending(&self) -> Option<Arc<Revision>> {
        None
    }

    /// Backends, certificates, and the engine.
    pub fn control(&self) -> &ControlPlane {
        &self.inner.control
    }
}
