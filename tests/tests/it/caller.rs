//! A client of the API that has one connection for all that it asks.

use harness::{Answer, Connection, Home, Socket};
use serde_json::Value;

/// A client of the API with one connection.
pub(crate) struct Caller(Connection);

impl Caller {
    /// One of the API of the proxy that runs at a home.
    #[track_caller]
    pub(crate) fn of(home: &Home) -> Self {
        Self(Connection::to(&Socket::Unix(home.socket())))
    }

    /// The answer to a request; the path is below `/api/v1`.
    #[track_caller]
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let answer = self.try_ask(method, path, fields, body);
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// The same, where the process may be gone; `None` where no whole answer came.
    pub(crate) fn try_ask(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Answer> {
        let mut request = format!("{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in fields {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        if !body.is_empty() {
            request
                .push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        let message = self.0.try_ask(format!("{request}\r\n{body}"))?;
        let body = serde_json::from_slice(&message.body).unwrap_or_default();
        Some(Answer { status: message.status(), message, body })
    }

    /// The answer to GET.
    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], None)
    }

    /// The revision that is served.
    #[track_caller]
    pub(crate) fn revision(&mut self) -> u64 {
        let health = self.get("/health");
        health.body["revision"].as_u64().unwrap_or_else(|| panic!("no revision in {health:?}"))
    }
}
