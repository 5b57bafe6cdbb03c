//! A client of the API.

use std::path::PathBuf;

use serde_json::Value;

use crate::{Connection, Events, Message, Socket};

/// A client of the API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    socket: Socket,
    /// Of every request.
    fields: Vec<(String, String)>,
}

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
    /// That at a Unix socket.
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        Self::at_address(Socket::Unix(socket.into()))
    }

    /// That at an address.
    pub const fn at_address(socket: Socket) -> Self {
        Self { socket, fields: Vec::new() }
    }

    /// With a field in every request, in place of its own one of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The events of these types, which are separated by commas; all of them where there are none.
    ///
    /// # Panics
    /// They are refused.
    #[track_caller]
    pub fn events(&self, types: &str) -> Events {
        Events::of(Connection::to(&self.socket), types)
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
        let own = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = own.chain(fields.iter().copied()).collect();
        let has = |name: &str| fields.iter().any(|(held, _)| held.eq_ignore_ascii_case(name));
        let mut request = format!("{method} /api/v1{path} HTTP/1.1\r\nConnection: close\r\n");
        if !has("host") {
            request.push_str("Host: localhost\r\n");
        }
        for (name, value) in &fields {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = body.map(Value::to_string);
        if let Some(body) = &body {
            if !has("content-type") {
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

    /// The answer to these bytes; `None` where no whole answer came.
    #[track_caller]
    pub fn try_raw(&self, method: &str, request: &[u8]) -> Option<Answer> {
        self.answer_to(method, request, false)
    }

    /// The same, where nothing comes behind these bytes, whatever they promise.
    #[track_caller]
    pub fn try_hurried(&self, method: &str, request: &[u8]) -> Option<Answer> {
        self.answer_to(method, request, true)
    }

    fn answer_to(&self, method: &str, request: &[u8], is_last: bool) -> Option<Answer> {
        let mut connection = Connection::new(self.socket.connect().ok()?);
        connection.expect_answer(method);
        // Whoever is refused early may not have been read to the end.
        let _ = connection.try_send(request);
        if is_last {
            connection.half_close();
        }
        connection.response().ok().map(Answer::from)
    }
}

impl From<Message> for Answer {
    fn from(message: Message) -> Self {
        let body = serde_json::from_slice(&message.body).unwrap_or_default();
        Self { status: message.status(), message, body }
    }
}

impl Answer {
    /// Itself, if it has that status.
    ///
    /// # Panics
    /// It has another one.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// Itself, if it is a refusal (RFC 9457) with that status and that code.
    ///
    /// # Panics
    /// It is none.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.body["code"], code, "{:#}", answer.body);
        assert_eq!(answer.body["status"], status, "{:#}", answer.body);
        assert_eq!(answer.field("content-type"), "application/problem+json", "{:#}", answer.body);
        answer
    }

    /// The pointers of what is wrong, in order.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.filter_map(|error| error["pointer"].as_str()).collect()
    }

    /// The value of a field; empty where there is none.
    pub fn field(&self, name: &str) -> String {
        self.message.field(name).unwrap_or_default().to_owned()
    }
}
