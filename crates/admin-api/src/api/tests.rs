//! The whole router over a real document. Each answer is compared with what the OpenAPI document says of it.

mod backends;
mod certificates;
mod conditions;
mod contract;
mod documents;
mod requests;
mod revisions;
mod schema;

use std::fs;
use std::sync::LazyLock;

use axum::body::Body;
use control_plane::{Factories, Opening};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use proxy_core::{Listeners, Proxy};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::{Caller, Role};

static SPECIFICATION: LazyLock<Value> = LazyLock::new(|| crate::openapi::document("0"));

/// The API of a document that is served, though nobody connects.
struct Served {
    router: Router,
    documents: Documents,
    _proxy: Proxy,
    _dir: TempDir,
}

/// What was answered.
struct Answer {
    status: u16,
    fields: HeaderMap,
    /// `null` where there is no body.
    body: Value,
}

const UPSTREAM: &str = "upstreams: [{ name: app, backends: [{ id: a, hostname: 127.0.0.1, port: 9001 }] }]\n";

impl Served {
    /// With one upstream, `app`.
    fn new() -> Self {
        Self::with(UPSTREAM)
    }

    fn with(text: &str) -> Self {
        Self::with_settings(text, ApiSettings::default())
    }

    fn with_settings(text: &str, settings: ApiSettings) -> Self {
        let dir = TempDir::new().unwrap();
        let (file, state) = (dir.path().join("proxyd.yaml"), dir.path().join("state"));
        let text =
            format!("listeners: [{{ address: 127.0.0.1:0 }}]\nstate: {{ dir: {} }}\n{text}", state.display());
        fs::write(&file, text).unwrap();
        let opening = Opening::read(&file, Factories::default()).unwrap();
        let listeners = Listeners::bind(&opening.plan().addresses, 1).unwrap();
        let (proxy, documents) = opening.build(&listeners).unwrap();
        Self { router: router(documents.clone(), settings), documents, _proxy: proxy, _dir: dir }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &[], &body.to_string()).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, &[], &body.to_string()).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, &[], &body.to_string()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], "").await
    }

    /// Asks below `/api/v1`.
    async fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        self.ask_at(method, &format!("{BASE}{path}"), fields, body).await
    }

    async fn ask_at(&self, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.extension(Caller::new("tester", Role::Write));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        let answer = Answer { status: parts.status.as_u16(), fields: parts.headers, body };
        schema::check_answer(&SPECIFICATION, method, path, &answer);
        answer
    }
}

impl Answer {
    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// A refusal with that code.
    #[track_caller]
    fn refuses(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.body["code"], code, "{:#}", answer.body);
        answer
    }

    #[track_caller]
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no {name}: {:?}", self.fields)).to_str().unwrap()
    }

    /// The pointers of what is wrong.
    fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().unwrap().iter();
        errors.map(|error| error["pointer"].as_str().unwrap()).collect()
    }
}

/// A route that the proxy answers itself.
fn teapot(id: &str, path: &str) -> Value {
    json!({ "id": id, "path": path, "respond": { "status": 418 } })
}
