//! A change in two steps: it is compiled, and then it is served.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::snapshot::{BuildError, Snapshot};
use crate::spec::Blueprint;
use crate::worker::Shared;

/// A blueprint that is compiled, and can be served at once by [`Handle::install`](crate::Handle::install). What is served
/// goes by nothing of it until then; dropped, it leaves nothing behind.
///
/// No other change can be made for as long as there is one: whoever tries waits, and waits for ever where that is the
/// thread that holds it. It stays on its thread for that reason, and no future that is sent to another can hold it while
/// it waits.
pub struct Prepared<'h> {
    /// Until it is installed.
    snapshot: Option<Box<Snapshot>>,
    shared: &'h Shared,
    _alone: MutexGuard<'h, ()>,
}

impl<'h> Prepared<'h> {
    /// Compiles what `change` makes of what is served now.
    ///
    /// # Errors
    /// What cannot be served.
    pub(crate) fn of(
        shared: &'h Shared,
        changes: &'h Mutex<()>,
        change: impl FnOnce(&mut Blueprint) -> Result<(), BuildError>,
    ) -> Result<Self, BuildError> {
        let alone = changes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shared.snapshot.load_full();
        let mut blueprint = before.blueprint.clone();
        change(&mut blueprint)?;
        let compiled = Snapshot::compile(blueprint, &shared.registry, Some(&before));
        let snapshot = compiled.inspect_err(|_| shared.registry.prune(before.routes.len()))?;
        Ok(Self { snapshot: Some(Box::new(snapshot)), shared, _alone: alone })
    }

    /// Serves it.
    pub(crate) fn install(mut self) {
        if let Some(snapshot) = self.snapshot.take() {
            self.shared.publish(*snapshot);
        }
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if self.snapshot.take().is_some() {
            let served = self.shared.snapshot.load().routes.len();
            self.shared.registry.prune(served);
        }
    }
}

impl std::fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}
