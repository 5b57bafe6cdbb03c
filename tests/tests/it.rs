//! The binary over real sockets.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test's code: whatever is not as expected fails the test"
)]

mod it {
    mod chunks;
    mod commands;
    mod framing;
    mod front;
    mod hosts;
    mod identity;
    mod limits;
    mod listeners;
    mod nonsense;
    mod paths;
    mod relay;
    mod routes;
    mod sequence;
    mod tunnels;
}
