//! The calls of the API. Each is described once, in an [`operation::Operation`]: the router and the OpenAPI document are made
//! from these.

mod table;

mod certificates;
mod document;
mod events;
mod health;
mod pools;
mod revisions;
mod routes;
mod specification;
mod stats;
mod upstreams;

mod objects;
mod shown;
mod writing;

mod ask;
mod dispatch;
mod idempotency;
mod json;
mod merge;
mod moment;
pub(crate) mod operation;
mod paging;
pub(crate) mod parameter;
mod percent;
mod query;
mod refusal;
mod reply;
mod tags;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use bytes::Bytes;
use control_plane::Documents;
use control_plane::changes::{Applied, Planned};
use metrics::{Figures, Scope, Tracker};
use tokio::sync::Semaphore;

use crate::dto;
use idempotency::Memory;
pub(crate) use moment::with_millis;
use reply::Reply;
pub(crate) use table::operations;

/// Every path of the API begins with this, but for those that say how the process is.
pub(crate) const BASE: &str = "/api/v1";

/// How the API behaves.
#[derive(Clone)]
#[non_exhaustive]
pub struct ApiSettings {
    /// Whether whoever changes something that is there must say with `If-Match` what they have seen of it.
    pub require_if_match: bool,
    /// The largest body of a request, in bytes.
    pub max_body: usize,
    /// The version that the process says it is.
    pub version: String,
    /// Who knows figures, and is run by somebody; `None`: they are all zero.
    pub tracker: Option<Arc<Tracker>>,
}

impl Default for ApiSettings {
    /// `If-Match` is nobody's duty, bodies have at most 10 MiB, and there are no figures.
    fn default() -> Self {
        Self {
            require_if_match: false,
            max_body: 10 << 20,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            tracker: None,
        }
    }
}

/// What answers every call of the API, and says how the process is.
///
/// Each request must have a [`Caller`](crate::Caller) among its extensions whose role allows what it asks for; without one it
/// is answered with 500. Calls that block run on threads that may, so the router is to be served by a tokio runtime.
pub fn router(documents: Documents, settings: ApiSettings) -> Router {
    dispatch::router(&Arc::new(Api::new(documents, settings)))
}

/// What the calls of the API share.
pub(crate) struct Api {
    documents: Documents,
    settings: ApiSettings,
    memory: Memory,
    /// Held while routes are looked through for one that a new one would stand beside.
    creating: Mutex<()>,
    streams: Arc<Semaphore>,
    specification: Bytes,
    began: Instant,
}

impl Api {
    fn new(documents: Documents, settings: ApiSettings) -> Self {
        Self {
            documents,
            specification: crate::openapi::document(&settings.version).to_string().into(),
            settings,
            memory: Memory::default(),
            creating: Mutex::default(),
            streams: Arc::new(Semaphore::new(events::STREAMS_MAX)),
            began: Instant::now(),
        }
    }
}

impl Api {
    /// The figures of a scope; zeros where nothing is known.
    fn figures(&self, scope: Scope<'_>) -> Figures {
        let tracker = self.settings.tracker.as_ref();
        tracker.and_then(|tracker| tracker.figures(scope)).unwrap_or_default()
    }
}

/// A plan as it is answered.
fn dto_plan(planned: &Planned) -> Reply {
    Reply::written(&dto::Plan::of(planned))
}

/// What a change has done, as it is answered.
fn dto_applied(applied: &Applied) -> Reply {
    Reply::written(&dto::Applied::of(applied))
}

#[cfg(test)]
mod tests;
