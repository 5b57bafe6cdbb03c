//! The binary over real sockets.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test's code: whatever is not as expected fails the test"
)]

mod it {
    mod answers;
    mod api;
    mod api_nonsense;
    mod balancing;
    mod caller;
    mod chunks;
    mod cluster;
    mod commands;
    mod crashes;
    mod endings;
    mod failing;
    mod framing;
    mod front;
    mod hosts;
    mod http2;
    mod identity;
    mod integrity;
    mod limits;
    mod listeners;
    mod mutations;
    mod nonsense;
    mod paths;
    mod proxy_protocol;
    mod queues;
    mod random;
    mod relay;
    mod retries;
    mod routes;
    mod sequence;
    mod storm;
    mod surroundings;
    mod tcp_mode;
    mod timeouts;
    mod tls;
    mod tunnels;
    mod upstream_tls;
    mod writers;
}
