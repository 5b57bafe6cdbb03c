//! How probes connect: as requests do.

use std::fmt;
use std::sync::{Arc, OnceLock};

use egress::{Egress, Policy};
use health::ProbeError;
use proxy_core::{Address, Connect, Stream};

/// Makes the connections of a plan's probes. A plan is compiled before anybody knows with what it will be served, so
/// that this is filled in when that happens; clones are filled in together.
#[derive(Clone, Default)]
pub(crate) struct Dialler {
    policy: Policy,
    connect: Arc<OnceLock<Arc<dyn Connect>>>,
}

impl Dialler {
    /// One that connects under this policy, unless it is given something else before its first connection.
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, connect: Arc::default() }
    }

    /// Connects with what requests are served with. Only the first one counts.
    pub(crate) fn use_for_all(&self, connect: Arc<dyn Connect>) {
        let _ = self.connect.set(connect);
    }

    /// A connection to a backend.
    pub(super) async fn connect(&self, to: &Address) -> Result<Stream, ProbeError> {
        let connect = self.connect.get_or_init(|| Arc::new(Egress::new(self.policy.clone())));
        to.open(&**connect, None)
            .await
            .map_err(|error| ProbeError::failed(format!("expected a connection: {error}")))
    }
}

impl fmt::Debug for Dialler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialler").field("policy", &self.policy).finish_non_exhaustive()
    }
}
