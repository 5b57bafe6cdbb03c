//! What stands between documents and a running proxy.

use egress::Egress;
use proxy_core::{BuildError, Handle, ListenAddress, Proxy};
use std::sync::Arc;

use crate::Plan;

/// Changes what a proxy serves, from one plan to the next.
#[derive(Clone)]
pub struct ControlPlane {
    handle: Handle,
    egress: Egress,
    addresses: Vec<ListenAddress>,
    workers: usize,
}

/// Why a plan cannot take the place of the one that is served. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The plan listens elsewhere, or with another number of workers.
    #[error("listeners and workers cannot change while the proxy runs")]
    NeedsRestart,
    /// The blueprint cannot be served.
    #[error("the blueprint cannot be served")]
    Build(#[from] BuildError),
}

impl ControlPlane {
    /// A proxy that serves a plan, and its control plane. The caller binds the plan's addresses and runs the proxy.
    ///
    /// # Errors
    /// What cannot be served; never for a plan that was compiled.
    pub fn build(plan: Plan) -> Result<(Proxy, Self), BuildError> {
        let Plan { blueprint, addresses, workers, egress, .. } = plan;
        let egress = Egress::new(egress);
        let proxy = Proxy::builder()
            .blueprint(blueprint)
            .workers(workers)
            .connect(Arc::new(egress.clone()))
            .build()?;
        let handle = proxy.handle();
        Ok((proxy, Self { handle, egress, addresses, workers }))
    }

    /// Has the proxy serve another plan: requests that have begun end as they were, all later ones go by the plan.
    /// Connections, and what was learnt of backends, outlive it. The plan's egress policy holds for connections that
    /// are made from now on.
    ///
    /// # Errors
    /// Why the plan cannot be served; nothing has changed then.
    pub fn publish(&self, plan: Plan) -> Result<(), PublishError> {
        if plan.addresses != self.addresses || plan.workers != self.workers {
            return Err(PublishError::NeedsRestart);
        }
        self.handle.publish(plan.blueprint)?;
        self.egress.replace_policy(plan.egress);
        Ok(())
    }

    /// The handle of the proxy.
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }
}
