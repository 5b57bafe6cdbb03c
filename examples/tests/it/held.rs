//! A backend that answers when it is told to.

use std::sync::Arc;

use axum::Router;
use tokio::sync::Semaphore;

/// Tells when requests have come, and lets them go.
#[derive(Clone)]
pub(super) struct Held {
    came: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl Held {
    /// Nothing has come, nothing is let go.
    pub(super) fn new() -> Self {
        Self { came: Arc::new(Semaphore::new(0)), released: Arc::new(Semaphore::new(0)) }
    }

    /// Holds each request until it is let go.
    pub(super) fn router(&self, name: &'static str) -> Router {
        let held = self.clone();
        Router::new().fallback(async move || {
            held.came.add_permits(1);
            held.released.acquire().await.expect("never closed").forget();
            name
        })
    }

    /// Waits until one more request has come.
    pub(super) async fn came(&self) {
        self.came.acquire().await.expect("never closed").forget();
    }

    /// Lets so many requests go, those to come included.
    pub(super) fn release(&self, count: usize) {
        self.released.add_permits(count);
    }
}
