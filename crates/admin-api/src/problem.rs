//! Errors as they are answered: RFC 9457.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

/// So many errors are told at the most, as of a file.
const ERRORS_MAX: usize = 100;
/// The longest text of an error, in bytes: a stranger's key may be in it.
const TEXT_MAX: usize = 2048;

/// An error as it is answered: `application/problem+json`, RFC 9457.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<Value>,
    more: Map<String, Value>,
    fields: Box<HeaderMap>,
}

impl Problem {
    /// An error of a status, known by a stable code (`file_owned`), told in one sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: shortened(detail.into()),
            errors: Vec::new(),
            more: Map::new(),
            fields: Box::default(),
        }
    }

    /// With one more thing that is wrong, at a place in the body (RFC 6901). From the hundred and first on, nothing is added, and
    /// what is very long is cut short.
    #[must_use]
    pub fn error(mut self, pointer: &str, detail: &str, hint: Option<&str>) -> Self {
        if self.errors.len() >= ERRORS_MAX {
            return self;
        }
        let mut error =
            json!({ "pointer": shortened(pointer.to_owned()), "detail": shortened(detail.to_owned()) });
        if let (Some(hint), Value::Object(error)) = (hint, &mut error) {
            error.insert("hint".into(), shortened(hint.to_owned()).into());
        }
        self.errors.push(error);
        self
    }

    /// With a member of its own.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.into(), value.into());
        self
    }

    /// With a field of the response.
    #[must_use]
    pub fn field(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.insert(name, value);
        self
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The code.
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = self.more;
        body.insert("type".into(), format!("/problems/{}", self.code).into());
        body.insert("title".into(), self.status.canonical_reason().unwrap_or("Error").into());
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("code".into(), self.code.into());
        body.insert("detail".into(), self.detail.into());
        if !self.errors.is_empty() {
            body.insert("errors".into(), self.errors.into());
        }
        let mut response = (self.status, Value::Object(body).to_string()).into_response();
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        fields.extend(*self.fields);
        response
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > TEXT_MAX {
        text.truncate(text.floor_char_boundary(TEXT_MAX));
        text.push('\u{2026}');
    }
    text
}
