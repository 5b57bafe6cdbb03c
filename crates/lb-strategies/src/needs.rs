//! What a strategy reads of the loads, so that nothing else is measured.

/// Which costly figures the pickers of a strategy read.
///
/// A caller measures nothing that no strategy needs; what is not measured reads as `None`. The requests in
/// flight of each backend ([`Loads::in_flight`](crate::Loads::in_flight)) are always there.
///
/// ```
/// use lb_strategies::{LeastRequests, Needs, Strategy, from_fn};
///
/// assert_eq!(LeastRequests.needs(), Needs::NONE);
/// assert_eq!(Needs::NONE.with_latency(true).with_total(true), Needs::ALL);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needs {
    /// The picker reads [`Loads::latency_nanos`](crate::Loads::latency_nanos).
    pub latency: bool,
    /// The picker reads [`Loads::total_in_flight`](crate::Loads::total_in_flight).
    pub total: bool,
}

impl Needs {
    /// Nothing that costs anything.
    pub const NONE: Self = Self { latency: false, total: false };
    /// Everything there is.
    pub const ALL: Self = Self { latency: true, total: true };

    /// The same with latency read or not.
    #[must_use]
    pub const fn with_latency(mut self, latency: bool) -> Self {
        self.latency = latency;
        self
    }

    /// The same with the total of requests in flight read or not.
    #[must_use]
    pub const fn with_total(mut self, total: bool) -> Self {
        self.total = total;
        self
    }
}
