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
    /// Send at a rate of its own whatever comes back, and count what that is.
    Surge(Wave),
    /// Replace the proxy's certificate so many times, each as soon as the one before was shown, while `rate`
    /// requests per second are sent on connections of their own.
    Swap { swaps: u32, rate: u32 },
    /// Have clients of all kinds send for so long, each kind at a rate of its own, on connections that are
    /// kept for as long as the proxy keeps them.
    Mix(Mix),
}

/// Requests by clients that know nothing of each other and have little patience.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Wave {
    /// Requests per second.
    pub(crate) rate: u32,
    /// Seconds until what is due counts.
    pub(crate) lead_in: f64,
    /// Seconds in which what is due counts. Sending goes on until all of that is answered or given up.
    pub(crate) seconds: f64,
    /// Seconds after which a client gives up and closes its connection.
    pub(crate) patience: f64,
}

/// Requests per second of each kind of client.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Mix {
    pub(crate) seconds: f64,
    /// Over HTTP/1.1.
    pub(crate) http1: u32,
    /// Over HTTP/2.
    pub(crate) http2: u32,
    /// Messages over WebSockets, each of which comes back.
    pub(crate) sockets: u32,
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
    /// The longest latency in microseconds.
    pub(crate) max_us: f64,
    /// What else came of a surge, whose requests above are those that were answered in time with 200.
    pub(crate) surge: Option<Surge>,
    /// What else came of replacing certificates.
    pub(crate) swap: Option<Swap>,
    /// What came of a mix, whose requests are all in here.
    pub(crate) mixed: Option<Mixed>,
}

/// What became of the requests of a surge that were not answered with 200.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Surge {
    /// Answered with 503.
    pub(crate) refused: u64,
    /// How long 99 of 100 of them took at the most, in microseconds.
    pub(crate) refused_p99_us: f64,
    /// Those of them that did not have to wait before, as far as the proxy says so.
    pub(crate) refused_at_once: u64,
    /// How long 99 of 100 of these took at the most, in microseconds.
    pub(crate) refused_at_once_p99_us: f64,
    /// Not answered for as long as the client's patience lasted.
    pub(crate) given_up: u64,
    /// Everything else: other answers, broken connections.
    pub(crate) failed: u64,
    /// What happened to the first of those that failed.
    pub(crate) first_failure: Option<String>,
}

/// What came of replacing certificates. The requests of the tally are those that were answered.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Swap {
    /// Certificates that were replaced, and whose successor was shown.
    pub(crate) swaps: u32,
    /// How long that took from when the files had their names, in microseconds: the median.
    pub(crate) p50_us: f64,
    /// The same, for 99 of 100 of them.
    pub(crate) p99_us: f64,
    /// The same, for all of them.
    pub(crate) max_us: f64,
    /// Handshakes and requests that failed, and handshakes that showed a certificate long replaced.
    pub(crate) failed: u64,
    /// What happened to the first of them.
    pub(crate) first_failure: Option<String>,
}

/// What came of a mix, by kind of client.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Mixed {
    pub(crate) http1: Lane,
    pub(crate) http2: Lane,
    pub(crate) sockets: Lane,
}

/// What came of the requests of one kind of client, and of its connections.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Lane {
    /// Requests that were answered as they should be.
    pub(crate) answered: u64,
    /// How long that took from when they were due, in microseconds: the median.
    pub(crate) p50_us: f64,
    /// The same, for 99 of 100 of them.
    pub(crate) p99_us: f64,
    /// The same, for all of them.
    pub(crate) max_us: f64,
    /// All other requests. None is sent again.
    pub(crate) failed: u64,
    /// What happened to the first of them.
    pub(crate) first_failure: Option<String>,
    /// Connections that the proxy ended, or said that it would.
    pub(crate) ended: u64,
    /// Those of them that it said so on by GOAWAY.
    pub(crate) told: u64,
    /// Streams that were reset, or had no whole answer when their connection ended.
    pub(crate) cut: u64,
    /// Those of them that the proxy said it had not worked on, so that a client may send them again.
    pub(crate) repeatable: u64,
}
