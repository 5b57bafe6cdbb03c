//! A document compiled.

use std::path::PathBuf;

use config::Problem;
use egress::Policy;
use proxy_core::ListenAddress;
use proxy_core::spec::Blueprint;

use crate::probes::Dialler;

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
    /// What the blueprint's probes connect with.
    pub(crate) dialler: Dialler,
}
