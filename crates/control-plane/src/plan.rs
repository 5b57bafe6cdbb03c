//! A document compiled.

use config::Problem;
use egress::Policy;
use proxy_core::ListenAddress;
use proxy_core::spec::Blueprint;

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
    /// What is allowed but cannot be meant, each with its place.
    pub warnings: Vec<Problem>,
}
