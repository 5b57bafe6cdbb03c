//! What the load generator is told, and what it answers.

use serde::{Deserialize, Serialize};

/// One line of the load generator's input.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Order {
    /// Close all connections and open new ones.
    Connect,
    /// Send for so long, as fast as the answers come or `rate` requests per second; then wait until
    /// everything is answered.
    Burst { seconds: f64, rate: Option<u32> },
    /// Send so many requests, as fast as the answers come.
    Count { requests: u64 },
    /// Have so many connections open that wait after one request each.
    Hold { connections: usize },
}

/// What came of an order.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Tally {
    /// Requests that were answered in full.
    pub(crate) requests: u64,
    /// Requests and connections that failed.
    pub(crate) errors: u64,
    /// What happened to the first of them.
    pub(crate) first_error: Option<String>,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
    /// Median latency in microseconds. At a fixed rate it is counted from when the request was due.
    pub(crate) p50_us: f64,
    /// The latency in microseconds that 99 of 100 requests do not exceed.
    pub(crate) p99_us: f64,
}
