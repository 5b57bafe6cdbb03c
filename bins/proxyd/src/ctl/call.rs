//! Requests to the API, before they are sent.

use std::fmt::Write as _;

use http::Method;
use serde_json::Value;

use super::options::Write;

/// A request to the API.
pub(super) struct Call {
    pub(super) method: Method,
    /// The path and the query, encoded.
    pub(super) target: String,
    pub(super) body: Option<Value>,
    /// What `If-Match` says.
    pub(super) if_match: Option<String>,
    /// What it makes waits for its confirmation.
    pub(super) waits: bool,
}

impl Call {
    /// A request to a path below `/api/v1`; its segments are encoded here.
    pub(super) fn new(method: Method, segments: &[&str]) -> Self {
        let mut target = String::from("/api/v1");
        for segment in segments {
            target.push('/');
            // A segment of dots alone would be taken for a step in the path (RFC 3986 section 5.2.4).
            match *segment {
                "." => target.push_str("%2E"),
                ".." => target.push_str("%2E%2E"),
                segment => encode(segment, &mut target),
            }
        }
        Self { method, target, body: None, if_match: None, waits: false }
    }

    /// A request that looks and changes nothing.
    pub(super) fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    /// The same with a parameter, encoded here.
    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        encode(name, &mut self.target);
        self.target.push('=');
        encode(value, &mut self.target);
        self
    }

    /// The same with a body.
    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same under a reservation.
    pub(super) fn under(mut self, write: &Write) -> Self {
        if write.dry_run {
            self = self.query("dryRun", "true");
        }
        if let Some(time) = &write.confirm {
            self = self.query("confirm", time);
            self.waits = !write.dry_run;
        }
        self.if_match.clone_from(&write.if_match);
        self
    }
}

/// Encodes all but unreserved characters (RFC 3986 section 2.3).
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Nothing fails to be written into a text.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests;
