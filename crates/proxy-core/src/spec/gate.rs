//! How many requests may be in flight, and how many may wait for that.

use std::time::Duration;

pub use crate::gate::{Order, Priority};

/// How many requests may be in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Concurrency {
    /// So many.
    At(u32),
    /// As many as the upstream answers without making them wait: learnt from how long they take.
    Auto,
}

/// A limit of requests in flight, with a queue for those that come beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateSpec {
    /// The limit, over all workers.
    pub limit: Concurrency,
    /// How many may wait.
    pub queue: u32,
    /// How long each may wait.
    pub timeout: Duration,
    /// Whose turn it is.
    pub order: Order,
}

impl GateSpec {
    /// At most so many requests in flight, and as many waiting for up to a second each.
    pub const fn at(limit: u32) -> Self {
        Self {
            limit: Concurrency::At(limit),
            queue: limit,
            timeout: Duration::from_secs(1),
            order: Order::Adaptive,
        }
    }

    /// As many requests in flight as the upstream bears, and 128 waiting for up to a second each.
    pub const fn auto() -> Self {
        Self { limit: Concurrency::Auto, queue: 128, timeout: Duration::from_secs(1), order: Order::Adaptive }
    }
}
