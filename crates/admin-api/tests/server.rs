//! The server half through its public face: real sockets on port 0, and Unix sockets in directories of their own.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test's code: whatever is not as expected fails the test"
)]

mod server {
    mod answers;
    mod audit;
    mod connections;
    mod house;
    mod random;
    mod rules;
    mod shutdown;
    mod slow;
    mod tls;
    mod tokens;
    mod unix;
}
