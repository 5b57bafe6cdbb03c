//! Messages as they are on the wire.

use std::fmt;

/// The head of a message. Shown as it is on the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// All its bytes, the empty line included.
    pub raw: Vec<u8>,
    /// The first line.
    pub start: String,
    /// Names and values, in order.
    pub fields: Vec<(String, String)>,
}

/// A whole message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its head.
    pub head: Head,
    /// Its body, without any framing.
    pub body: Vec<u8>,
    /// The fields behind a chunked body.
    pub trailers: Vec<(String, String)>,
    /// Interim responses that came before.
    pub interim: Vec<Head>,
}

/// Bytes as text, each byte as the character of that number, so that nothing is lost.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

impl Head {
    /// Reads a head, its empty line included, without judging it.
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let text = latin1(raw);
        let mut lines = text.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        Self { raw: raw.to_vec(), start, fields: fields(lines) }
    }

    /// The value of the first field of that name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The values of all fields of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The status code of a response.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn status(&self) -> u16 {
        let code = self.start.split(' ').nth(1).and_then(|code| code.parse().ok());
        code.unwrap_or_else(|| panic!("{:?} has no status", self.start))
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&latin1(&self.raw), f)
    }
}

impl Message {
    /// The status code.
    #[track_caller]
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// The value of the first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }

    /// The values of all fields of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.head.all(name)
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        latin1(&self.body)
    }

    /// The reason that the proxy gives in `Proxy-Status`; empty where it gives none.
    pub fn reason(&self) -> &str {
        let status = self.field("Proxy-Status").unwrap_or_default();
        let details = status.split_once("details=\"").map(|(_, rest)| rest).unwrap_or_default();
        details.split('"').next().unwrap_or_default()
    }

    /// The error type that the proxy gives in `Proxy-Status`; empty where it gives none.
    pub fn proxy_error(&self) -> &str {
        let status = self.field("Proxy-Status").unwrap_or_default();
        let error = status.split_once("error=").map(|(_, rest)| rest).unwrap_or_default();
        error.split(';').next().unwrap_or_default()
    }

    /// Whether the connection ends with this message.
    pub fn closes(&self) -> bool {
        self.all("Connection").iter().any(|value| value.eq_ignore_ascii_case("close"))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.body[..self.body.len().min(1000)];
        f.debug_struct("Message")
            .field("head", &self.head)
            .field("body", &latin1(shown))
            .field("trailers", &self.trailers)
            .field("interim", &self.interim)
            .finish()
    }
}

/// Field lines up to an empty one.
pub(crate) fn fields<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<(String, String)> {
    lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.to_owned(), value.trim_matches([' ', '\t']).to_owned())
        })
        .collect()
}
