//! The crate as an embedder sees it: real handshakes, in memory and over the loopback address.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test's code: whatever is not as expected fails the test"
)]

mod it {
    mod client;
    mod server;
    mod talk;
}
