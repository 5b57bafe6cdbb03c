//! The crate as an embedder sees it: real sockets on the loopback address, and each byte of each side written here.
//! The simulation alone has neither sockets nor a clock that runs.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test's code: whatever is not as expected fails the test"
)]

mod it {
    mod aborts;
    mod bodies;
    mod counters;
    mod descriptors;
    mod framing;
    mod interim;
    mod lifecycle;
    mod limits;
    mod names;
    mod own;
    mod rig;
    mod routes;
    mod secured;
    mod service;
    mod simulation;
    mod tcp;
    mod trying;
    mod upgrade;
    mod workers;
}
