//! Runs the examples over real sockets.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod it {
    mod add_a_route;
    mod embed_in_axum;
    mod own_guard;
    mod own_strategy;

    mod held;
}
