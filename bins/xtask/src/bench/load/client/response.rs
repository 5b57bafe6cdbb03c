//! How far a response over HTTP/1.1 has come.

/// The response that a connection waits for, and what was found out of the ones before.
#[derive(Debug)]
pub(super) struct Response {
    waits_for: Part,
    /// The beginning of a head that came in parts.
    head: Vec<u8>,
    /// Whether a response's `Content-Length` was compared with what is expected.
    is_checked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// No response is due.
    Nothing,
    Head,
    /// So many bytes of the body.
    Body(usize),
    /// The end of the connection, which the proxy closes.
    End,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::bench::load) enum Progress {
    /// More is to come.
    Partial,
    /// The response is complete.
    Answered,
    /// The connection ended where it had to.
    Ended,
}

/// What the responses must be like.
#[derive(Clone, Copy, Debug)]
pub(in crate::bench::load) struct Expected {
    /// Bytes in the body.
    pub(in crate::bench::load) body: usize,
    /// Whether the proxy ends the connection after the response.
    pub(in crate::bench::load) ends: bool,
}

const STATUS: &[u8] = b"HTTP/1.1 200 ";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

impl Response {
    /// None is due.
    pub(super) fn none() -> Self {
        Self { waits_for: Part::Nothing, head: Vec::new(), is_checked: false }
    }

    /// A request was sent.
    pub(super) fn begin(&mut self) {
        self.waits_for = Part::Head;
    }

    /// Whether a request was sent on this connection and its end is not known yet.
    pub(super) fn is_due(&self) -> bool {
        self.waits_for != Part::Nothing
    }

    /// How many bytes need not be looked at, as they can only be the body's.
    pub(super) fn unseen(&self) -> Option<usize> {
        match self.waits_for {
            Part::Body(left) => Some(left),
            _ => None,
        }
    }

    /// So many bytes came that need not be looked at.
    pub(super) fn skip(&mut self, received: usize, expected: Expected) -> Result<Progress, String> {
        match self.waits_for {
            Part::Body(left) if received <= left => Ok(self.body_came(left - received, expected)),
            Part::Body(left) => Err(format!("{} bytes too many in a response", received - left)),
            _ => Err(format!("{received} bytes came after the response")),
        }
    }

    /// These bytes came.
    pub(super) fn push(&mut self, bytes: &[u8], expected: Expected) -> Result<Progress, String> {
        if self.waits_for == Part::Head {
            self.head_came(bytes, expected)
        } else {
            self.skip(bytes.len(), expected)
        }
    }

    /// The connection ended.
    pub(super) fn end(&self) -> Result<Progress, String> {
        match self.waits_for {
            Part::End => Ok(Progress::Ended),
            Part::Nothing => Err("a waiting connection was closed".to_owned()),
            Part::Head | Part::Body(_) => Err("a connection was closed within a response".to_owned()),
        }
    }

    fn head_came(&mut self, bytes: &[u8], expected: Expected) -> Result<Progress, String> {
        if !self.head.is_empty() {
            self.head.extend_from_slice(bytes);
            let whole = std::mem::take(&mut self.head);
            return self.head_is(&whole, expected);
        }
        self.head_is(bytes, expected)
    }

    fn head_is(&mut self, bytes: &[u8], expected: Expected) -> Result<Progress, String> {
        let Some(head) = end_of_head(bytes, expected.body) else {
            self.head = bytes.to_vec();
            return Ok(Progress::Partial);
        };
        if !bytes.starts_with(STATUS) {
            return Err(format!("unexpected response: {}", first_line(bytes)));
        }
        if !self.is_checked {
            check_length(bytes.get(..head).unwrap_or_default(), expected.body)?;
            self.is_checked = true;
        }
        let body = bytes.len() - head;
        match expected.body.checked_sub(body) {
            Some(left) => Ok(self.body_came(left, expected)),
            None => Err(format!("{} bytes too many in a response", body - expected.body)),
        }
    }

    fn body_came(&mut self, left: usize, expected: Expected) -> Progress {
        if left > 0 {
            self.waits_for = Part::Body(left);
            return Progress::Partial;
        }
        self.waits_for = if expected.ends { Part::End } else { Part::Nothing };
        Progress::Answered
    }
}

/// Where the body begins in a message of a head and `body` bytes.
///
/// Mostly the whole message is there, so the end of the head is looked for where it then must be.
fn end_of_head(bytes: &[u8], body: usize) -> Option<usize> {
    if let Some(head) = bytes.len().checked_sub(body)
        && bytes.get(..head).is_some_and(|head| head.ends_with(END_OF_HEAD))
    {
        return Some(head);
    }
    let found = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD);
    found.map(|at| at + END_OF_HEAD.len())
}

/// Refuses a head without a `Content-Length` of `body`.
fn check_length(head: &[u8], body: usize) -> Result<(), String> {
    let text = String::from_utf8_lossy(head);
    let mut fields = text.split("\r\n").filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    match length {
        Some((_, value)) if value.trim().parse() == Ok(body) => Ok(()),
        Some((_, value)) => Err(format!("Content-Length is {}, not {body}", value.trim())),
        None => Err("a response has no Content-Length".to_owned()),
    }
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).chars().take(80).collect()
}
