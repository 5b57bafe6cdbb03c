//! Stub.
use crate::{
    client::Facts,
    deadline::Slot,
    transport::Stream,
    worker::{Permit, Worker},
};
use std::sync::Arc;
pub(crate) async fn serve(_: Stream, _: Vec<u8>, _: &str, _: (Facts, Slot), _: (Arc<Worker>, Permit)) {}
