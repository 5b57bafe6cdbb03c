//! Runs the examples over real sockets, and those of protocols through the binary, too: `cargo build -p proxyd` first.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod it {
    mod add_a_route;
    mod embed_in_axum;
    mod grpc;
    mod own_guard;
    mod own_strategy;
    mod websocket;

    mod front;
    mod held;
}
