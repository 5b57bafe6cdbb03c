//! Answers that are no errors.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::tags;
use crate::Audited;

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) content: Content,
    /// The revision that a change became, and what it was, for the audit log.
    pub(crate) made: Option<(u64, String)>,
}

/// What an answer carries.
pub(crate) enum Content {
    /// Nothing, or JSON, whole.
    Whole(Bytes),
    /// What comes piece by piece.
    Stream(Body),
}

impl Reply {
    /// 204.
    pub(crate) fn nothing() -> Self {
        Self::of(StatusCode::NO_CONTENT, Content::Whole(Bytes::new()))
    }

    /// 304, of what has this tag.
    pub(crate) fn not_modified(tag: &str) -> Self {
        Self::of(StatusCode::NOT_MODIFIED, Content::Whole(Bytes::new())).tag(tag)
    }

    /// 200 with a value.
    pub(crate) fn json(value: &Value) -> Self {
        Self::text(value.to_string().into())
    }

    /// 200 with what is written as JSON.
    pub(crate) fn written(value: &impl Serialize) -> Self {
        // What is ours can be written.
        Self::text(serde_json::to_vec(value).unwrap_or_default().into())
    }

    /// 200 with JSON as text.
    pub(crate) fn text(json: Bytes) -> Self {
        let content_type = HeaderValue::from_static("application/json");
        Self::of(StatusCode::OK, Content::Whole(json)).field(CONTENT_TYPE, content_type)
    }

    /// 200 with a stream of events.
    pub(crate) fn events(body: Body) -> Self {
        let content_type = HeaderValue::from_static("text/event-stream");
        Self::of(StatusCode::OK, Content::Stream(body)).field(CONTENT_TYPE, content_type)
    }

    /// With another status.
    pub(crate) const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// 201, of something that is there from now on.
    pub(crate) fn created(self, location: &str) -> Self {
        let reply = self.status(StatusCode::CREATED);
        // Locations are percent-encoded.
        match HeaderValue::try_from(location) {
            Ok(location) => reply.field(LOCATION, location),
            Err(_) => reply,
        }
    }

    /// With the tag of what it says.
    pub(crate) fn tag(self, tag: &str) -> Self {
        self.field(ETAG, tags::field(tag))
    }

    /// With a field.
    pub(crate) fn field(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.insert(name, value);
        self
    }

    /// With the revision that a change became.
    pub(crate) fn made(mut self, revision: u64, summary: String) -> Self {
        self.made = Some((revision, summary));
        self
    }

    fn of(status: StatusCode, content: Content) -> Self {
        Self { status, fields: HeaderMap::new(), content, made: None }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = match self.content {
            Content::Whole(bytes) => Body::from(bytes),
            Content::Stream(body) => body,
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.fields;
        if let Some((revision, summary)) = self.made {
            response.extensions_mut().insert(Audited::new(revision, summary));
        }
        response
    }
}
