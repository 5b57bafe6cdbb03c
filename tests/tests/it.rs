//! The binary over real sockets.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test's code: whatever is not as expected fails the test"
)]

mod it {
    mod chunks;
    mod framing;
    mod front;
    mod hosts;
    mod identity;
    mod limits;
    mod nonsense;
    mod paths;
    mod sequence;
}
