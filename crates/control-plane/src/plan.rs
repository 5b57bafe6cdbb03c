//! A document compiled.

use std::path::PathBuf;
use std::sync::Arc;

use config::Problem;
use egress::Policy;
use proxy_core::spec::{Blueprint, RouteSpec, UpstreamSpec};
use proxy_core::{ListenAddress, Listeners};

use crate::probes::Dialler;
use crate::tls::TlsPlan;

/// A document compiled: all that a proxy needs in order to serve it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// What is served.
    pub blueprint: Blueprint,
    /// Where clients connect; at least one.
    pub addresses: Vec<ListenAddress>,
    /// How many workers serve; at least one.
    pub workers: usize,
    /// Where connections to backends may lead.
    pub egress: Policy,
    /// Where the states are kept that somebody set backends to; `None` where they end with the process.
    pub state_dir: Option<PathBuf>,
    /// What is allowed but cannot be meant, each with its place.
    pub warnings: Vec<Problem>,
    /// How TLS is spoken.
    pub(crate) tls: TlsPlan,
    /// What the blueprint's probes connect with.
    pub(crate) dialler: Dialler,
    /// What each upstream of the document was compiled to, by its place there.
    pub(crate) pools: Vec<Option<Arc<UpstreamSpec>>>,
    /// What each route of the document was compiled to, by its place there; `None` for one that is no route of requests.
    pub(crate) routes: Vec<Option<Arc<RouteSpec>>>,
}

impl Plan {
    /// Notes which ports the system has chosen, where the document left that to it: redirects to HTTPS name them.
    pub fn note_ports(&mut self, listeners: &Listeners) {
        let bound: Vec<ListenAddress> = listeners.addresses().collect();
        self.note_addresses(&bound);
    }

    /// The same where it is known what was bound.
    pub(crate) fn note_addresses(&mut self, bound: &[ListenAddress]) {
        let is_secure = |number: &usize| matches!(self.tls.listeners.get(*number), Some(Some(_)));
        let chosen = bound.iter().enumerate().find_map(|(number, address)| match address {
            ListenAddress::Tcp(address) if is_secure(&number) => Some(address.port()),
            _ => None,
        });
        for host in &mut self.blueprint.hosts {
            if host.redirect_to == Some(0) {
                host.redirect_to = chosen;
            }
        }
    }
}
