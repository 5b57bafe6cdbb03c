//! A client of the API.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

use crate::socket::Stream;
use crate::{Connection, Message, PATIENCE};

/// A client of the API at a Unix socket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api(PathBuf);

/// An answer of the API.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The whole answer.
    pub message: Message,
    /// The body; `null` where it is no JSON.
    pub body: Value,
}

impl Api {
    /// That at a socket.
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        Self(socket.into())
    }

    /// The answer to GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], None)
    }

    /// The answer to POST.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[], Some(body))
    }

    /// The answer to PUT.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path, &[], Some(body))
    }

    /// The answer to PATCH.
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask("PATCH", path, &[], Some(body))
    }

    /// The answer to DELETE.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], None)
    }

    /// The answer to a request with further fields, on a connection of its own. The path is below `/api/v1`.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)], body: Option<&Value>) -> Answer {
        self.try_ask(method, path, fields, body).expect("the API answers")
    }

    /// The same, where the process may be gone; `None` where no whole answer came.
    #[track_caller]
    pub fn try_ask(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Answer> {
        let mut request =
            format!("{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in fields {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = body.map(Value::to_string);
        if let Some(body) = &body {
            if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                request.push_str("Content-Type: application/json\r\n");
            }
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(body.as_deref().unwrap_or_default());
        self.try_raw(method, request.as_bytes())
    }

    /// The answer to these bytes.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn raw(&self, method: &str, request: &[u8]) -> Answer {
        self.try_raw(method, request).expect("the API answers")
    }

    fn try_raw(&self, method: &str, request: &[u8]) -> Option<Answer> {
        let stream = UnixStream::connect(&self.0).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        let mut connection = Connection::new(Stream::Unix(stream));
        connection.expect_answer(method);
        // Whoever is refused early may not have been read to the end.
        let _ = connection.try_send(request);
        let message = connection.response().ok()?;
        let body = serde_json::from_slice(&message.body).unwrap_or_default();
        Some(Answer { status: message.status(), message, body })
    }
}

impl Answer {
    /// The value of a field; empty where there is none.
    pub fn field(&self, name: &str) -> String {
        self.message.field(name).unwrap_or_default().to_owned()
    }
}
