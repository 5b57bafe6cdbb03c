//! The one file that turns a failure into a response, and a route's own answers into one.

use std::time::Duration;

use http1::framing::BodyLength;
use http1::{Fields, Method, Name, NameSet, push_decimal};

use crate::client::{Client, Outgoing};
use crate::clock::date;
use crate::edits::Edits;
use crate::grpc;
use crate::guard::Refusal;
use crate::incoming::Incoming;
use crate::reason::Reason;
use crate::template::Vars;
use crate::trace::RequestId;

/// An answer that the proxy makes itself.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    /// Field lines of its own.
    lines: Vec<u8>,
    /// Fields that are not written beside them.
    without: NameSet,
    body: Vec<u8>,
}

impl Answer {
    /// The answer to a request that failed.
    pub(crate) fn of_failure(reason: Reason, incoming: &Incoming, request_id: &RequestId) -> Self {
        Self::of_failure_until(reason, None, incoming, request_id)
    }

    /// The answer to a request that failed, and may do better after that time.
    pub(crate) fn of_failure_until(
        reason: Reason,
        retry_after: Option<Duration>,
        incoming: &Incoming,
        request_id: &RequestId,
    ) -> Self {
        let mut lines = Vec::with_capacity(256);
        push(
            &mut lines,
            "Proxy-Status",
            &format!("proxyd; error={}; details=\"{reason}\"", reason.proxy_status()),
        );
        match reason.status() {
            // RFC 9110 section 15.5.6.
            405 => push(&mut lines, "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"),
            // RFC 9110 section 10.2.3 counts in whole seconds.
            503 => {
                let seconds = retry_after.unwrap_or_default().as_secs_f64().ceil().max(1.0);
                push(&mut lines, "Retry-After", &seconds.to_string());
            }
            _ => {}
        }
        let problem = Problem {
            status: reason.status(),
            reason: &reason.to_string(),
            detail: reason.detail(),
            request_id,
        };
        if incoming.admitted.is_call {
            return Self::of_failed_call(grpc::status_of(reason), &problem, lines);
        }
        Self::of_problem(&problem, lines, incoming)
    }

    /// The answer that a guard gives.
    pub(crate) fn of_refusal(refusal: &Refusal, incoming: &Incoming, request_id: &RequestId) -> Self {
        let mut lines = Vec::with_capacity(256);
        let status =
            format!("proxyd; error={}; details=\"{}\"", Reason::Guarded.proxy_status(), refusal.reason);
        push(&mut lines, "Proxy-Status", &status);
        for (name, value) in &refusal.fields {
            if is_harmless(name, value) {
                push(&mut lines, name, value);
            }
        }
        let status = if (400..=599).contains(&refusal.status) { refusal.status } else { 500 };
        let problem = Problem { status, reason: refusal.reason, detail: &refusal.detail, request_id };
        if incoming.admitted.is_call {
            return Self::of_failed_call(grpc::status_of_http(status), &problem, lines);
        }
        Self::of_problem(&problem, lines, incoming)
    }

    /// An answer that a route makes.
    pub(crate) fn of_route(status: u16, content_type: &str, body: &str) -> Self {
        let mut lines = Vec::with_capacity(64);
        if !content_type.is_empty() {
            push(&mut lines, "Content-Type", content_type);
        }
        Self { status, lines, without: NameSet::EMPTY, body: body.as_bytes().to_vec() }
    }

    /// A redirect.
    pub(crate) fn of_redirect(status: u16, location: &[u8]) -> Self {
        let mut lines = Vec::with_capacity(location.len() + 16);
        lines.extend_from_slice(b"Location: ");
        lines.extend_from_slice(location);
        lines.extend_from_slice(b"\r\n");
        Self { status, lines, without: NameSet::EMPTY, body: Vec::new() }
    }

    /// The answer to OPTIONS or TRACE that may be forwarded no further. RFC 9110 section 7.6.2.
    pub(crate) fn of_last_hop(incoming: &Incoming) -> Self {
        let mut lines = Vec::new();
        if incoming.head.method() == Method::Options {
            push(&mut lines, "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
            return Self { status: 204, lines, without: NameSet::EMPTY, body: Vec::new() };
        }
        // RFC 9110 section 9.3.8: fields that are likely to hold secrets are left out.
        push(&mut lines, "Content-Type", "message/http");
        let secret = NameSet::of(&[Name::Authorization, Name::Cookie, Name::ProxyAuthorization]);
        let mut body = b"TRACE ".to_vec();
        body.extend_from_slice(&incoming.path);
        body.extend_from_slice(b" HTTP/1.1\r\n");
        incoming.fields().write_without(secret, &mut body);
        body.extend_from_slice(b"\r\n");
        Self { status: 200, lines, without: NameSet::EMPTY, body }
    }

    /// A gRPC call is answered with 200, and learns of its failure from fields: trailers without anything before them.
    fn of_failed_call(status: u8, problem: &Problem<'_>, mut lines: Vec<u8>) -> Self {
        push(&mut lines, "Content-Type", "application/grpc");
        push(&mut lines, "grpc-status", &status.to_string());
        lines.extend_from_slice(b"grpc-message: ");
        grpc::push_message(&mut lines, &format!("{} ({})", problem.detail, problem.reason));
        lines.extend_from_slice(b"\r\n");
        Self { status: 200, lines, without: NameSet::EMPTY, body: Vec::new() }
    }

    fn of_problem(problem: &Problem<'_>, mut lines: Vec<u8>, incoming: &Incoming) -> Self {
        let (content_type, body) = problem.body(incoming);
        push(&mut lines, "Content-Type", content_type);
        push(&mut lines, "Cache-Control", "no-store");
        Self { status: problem.status, lines, without: NameSet::EMPTY, body: body.into_bytes() }
    }

    /// The status.
    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    /// With further lines, each `name: value CRLF`.
    pub(crate) fn add(&mut self, lines: &[u8]) {
        self.lines.extend_from_slice(lines);
    }

    /// With a route's changes to its fields.
    pub(crate) fn edit(&mut self, edits: &Edits, vars: &Vars<'_>) {
        edits.take_out_of(&mut self.lines);
        edits.put_in(vars, &mut self.lines);
        self.without = edits.sets;
    }

    /// Hands the head to the client. Returns the body that is to follow.
    pub(crate) fn begin<C: Client>(
        mut self,
        client: &mut C,
        method: Method,
        request_id: &RequestId,
    ) -> Vec<u8> {
        let has_length = self.status != 204 && self.status != 304;
        if self.status == 205 {
            // RFC 9110 section 15.3.6: it has a length, and no content.
            self.body.clear();
        }
        if has_length {
            self.lines.extend_from_slice(b"Content-Length: ");
            push_decimal(&mut self.lines, self.body.len() as u64);
            self.lines.extend_from_slice(b"\r\n");
        }
        if !request_id.as_bytes().is_empty() && !self.without.contains(Name::XRequestId) {
            push(&mut self.lines, "X-Request-Id", request_id.as_str());
        }
        if !self.without.contains(Name::Date) {
            // RFC 9110 section 6.6.1.
            self.lines.extend_from_slice(b"Date: ");
            self.lines.extend_from_slice(&date());
            self.lines.extend_from_slice(b"\r\n");
        }
        if !self.without.contains(Name::Server) {
            self.lines.extend_from_slice(b"Server: proxyd\r\n");
        }
        let has_body = has_length && method != Method::Head;
        client.begin(&Outgoing {
            status: self.status,
            reason: b"",
            fields: Fields::new(&[], &[]),
            skip: NameSet::EMPTY,
            extra: &self.lines,
            goes_on: false,
            body: if has_body { BodyLength::Bytes(self.body.len() as u64) } else { BodyLength::None },
        });
        if has_body { self.body } else { Vec::new() }
    }
}

/// A problem in the sense of RFC 9457.
struct Problem<'a> {
    status: u16,
    reason: &'a str,
    detail: &'a str,
    request_id: &'a RequestId,
}

impl Problem<'_> {
    /// Media type and text, by what the client accepts: JSON unless it asks for something else by name.
    fn body(&self, incoming: &Incoming) -> (&'static str, String) {
        let accept = incoming.first(Name::Accept).unwrap_or_default();
        let asks_for = |kind: &[u8]| accept.windows(kind.len()).any(|part| part.eq_ignore_ascii_case(kind));
        let title = self.title();
        let (status, reason, detail, id) = (self.status, self.reason, self.detail, self.request_id.as_str());
        if asks_for(b"json") {
            return ("application/problem+json", self.json());
        }
        if asks_for(b"text/html") {
            let text = format!(
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{status} {title}</title>\
                 <h1>{status} {title}</h1><p>{}</p><p><small>{}<br>{}</small></p></html>\n",
                escape_html(detail),
                escape_html(reason),
                escape_html(id)
            );
            return ("text/html; charset=utf-8", text);
        }
        if asks_for(b"text/plain") {
            return ("text/plain; charset=utf-8", format!("{status} {title}\n{detail}\n{reason}\n{id}\n"));
        }
        ("application/problem+json", self.json())
    }

    fn title(&self) -> &'static str {
        let status = http::StatusCode::from_u16(self.status).ok();
        status.and_then(|status| status.canonical_reason()).unwrap_or("Error")
    }

    fn json(&self) -> String {
        format!(
            "{{\"type\":\"about:blank\",\"title\":\"{}\",\"status\":{},\"detail\":\"{}\",\"reason\":\"{}\",\"requestId\":\"{}\"}}\n",
            self.title(),
            self.status,
            escape_json(self.detail),
            escape_json(self.reason),
            escape_json(self.request_id.as_str())
        )
    }
}

fn escape_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '\0'..='\x1f' => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A guard's field goes out only where it cannot break the message.
fn is_harmless(name: &str, value: &str) -> bool {
    let framing = NameSet::HOP_BY_HOP.with(Name::ContentLength).with(Name::Date);
    http1::token::is_token(name.as_bytes())
        && !framing.contains(Name::of(name.as_bytes()))
        && value.bytes().all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

fn push(lines: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        lines.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests;
