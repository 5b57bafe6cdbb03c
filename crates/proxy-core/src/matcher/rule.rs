//! Rules as they are written.

use std::fmt;

use ipnet::IpNet;
use regex::bytes::{Regex, RegexBuilder};

use crate::path::{Cut, PathError, normalise};

/// One rule: what it is about and the value that a match yields.
#[derive(Debug, Clone)]
pub struct Rule<T> {
    /// The host that the rule is about.
    pub host: HostPattern,
    /// The path that the rule is about.
    pub path: PathPattern,
    /// What else must hold.
    pub conditions: Conditions,
    /// What a match yields.
    pub value: T,
}

/// Which of several matching rules wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteOrder {
    /// The most specific one, wherever it is written.
    #[default]
    Specific,
    /// The first as written, however specific it is.
    Written,
}

/// A host, a family of hosts, or any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Any host, also an absent one.
    #[default]
    Any,
    /// This name, in lower case, without a final dot.
    Exact(String),
    /// Names with at least one label before `.` and this name: `a.test` stands for `*.a.test`.
    Suffix(String),
}

/// A path, a family of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPattern {
    /// This normal path.
    Exact(String),
    /// Paths that start with this text. When it ends with `/`, also the path without that `/`: `/api/` stands for
    /// `/api/*` and matches `/api`.
    Prefix(String),
    /// Paths in which the expression is found somewhere.
    Regex(PathRegex),
}

/// What must hold beside host and path: one of the methods, one of the blocks, every field and every pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Methods, one of which is needed; all when empty.
    pub methods: Vec<String>,
    /// Names in lower case and exact values of fields.
    pub headers: Vec<(String, String)>,
    /// Names and values of pairs in the query, both decoded.
    pub query: Vec<(String, String)>,
    /// Blocks of addresses, one of which must hold the client's; all when empty.
    pub clients: Vec<IpNet>,
}

/// A regular expression over normal paths. Paths are ASCII, and so are its classes.
#[derive(Debug, Clone)]
pub struct PathRegex(Regex);

/// Why a pattern is none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// A host pattern has a `*` that is neither alone nor a whole first label.
    HostWildcard,
    /// A host pattern has an empty label, or a character that no host has.
    HostName,
    /// A path pattern is no path.
    Path(PathError),
    /// A path pattern has a `*` before its end.
    PathWildcard,
    /// A regular expression is malformed or too large.
    Regex {
        /// What the compiler of expressions says, over several lines.
        detail: String,
    },
}

impl HostPattern {
    /// Reads `name`, `*.name`, and `*` or nothing for any host. Letters become lower case, a final dot is dropped.
    ///
    /// # Errors
    /// [`PatternError::HostWildcard`] and [`PatternError::HostName`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if matches!(text, "" | "*") {
            return Ok(Self::Any);
        }
        let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let suffix = text.strip_prefix("*.");
        let name = suffix.unwrap_or(&text);
        if name.contains('*') {
            return Err(PatternError::HostWildcard);
        }
        // Colons belong to IPv6 addresses; hosts are looked up without their port.
        let is_address = name.starts_with('[') && name.ends_with(']');
        let is_foreign =
            |byte: u8| !byte.is_ascii_graphic() || b"/?#@\\\"".contains(&byte) || byte == b':' && !is_address;
        if name.split('.').any(str::is_empty) || name.bytes().any(is_foreign) {
            return Err(PatternError::HostName);
        }
        Ok(if suffix.is_some() { Self::Suffix(name.to_owned()) } else { Self::Exact(text) })
    }
}

impl PathPattern {
    /// Reads `/exact`, `/prefix*` and `~expression`. Paths are brought to their normal form.
    ///
    /// # Errors
    /// [`PatternError::Path`], [`PatternError::PathWildcard`] and [`PatternError::Regex`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if let Some(expression) = text.strip_prefix('~') {
            return PathRegex::new(expression.trim_start()).map(Self::Regex);
        }
        let (text, is_prefix) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        if text.contains('*') {
            return Err(PatternError::PathWildcard);
        }
        // A prefix may end within a segment or a name (`/a/.` of `/a/.git`): what is normal is the text with
        // something behind it. `~` is no hexadecimal digit, so that it does not complete a triplet either.
        let whole = if is_prefix { format!("{text}~") } else { text.to_owned() };
        let mut scratch = Vec::new();
        let normal = normalise(whole.as_bytes(), &mut scratch).map_err(PatternError::Path)?;
        let normal = String::from_utf8_lossy(normal);
        Ok(match normal.strip_suffix('~').filter(|_| is_prefix) {
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None => Self::Exact(normal.into_owned()),
        })
    }

    /// Where a rewrite of the matching paths may cut: within a segment only if the pattern does.
    #[must_use]
    pub(crate) fn cut(&self) -> Cut {
        match self {
            Self::Prefix(text) if !text.ends_with('/') => Cut::Text,
            Self::Exact(_) | Self::Prefix(_) | Self::Regex(_) => Cut::Segments,
        }
    }

    /// How many bytes the pattern is long.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Exact(text) | Self::Prefix(text) => text.len(),
            Self::Regex(regex) => regex.as_str().len(),
        }
    }
}

impl Conditions {
    /// How many conditions there are: methods together are one, clients together are one.
    #[must_use]
    pub fn count(&self) -> usize {
        let together = usize::from(!self.methods.is_empty()) + usize::from(!self.clients.is_empty());
        together + self.headers.len() + self.query.len()
    }
}

impl PathRegex {
    /// Compiles an expression. It is searched for anywhere in the path unless it says `^` and `$`.
    ///
    /// # Errors
    /// [`PatternError::Regex`].
    pub fn new(expression: &str) -> Result<Self, PatternError> {
        let built = RegexBuilder::new(expression).unicode(false).build();
        built.map(Self).map_err(|error| PatternError::Regex { detail: error.to_string() })
    }

    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn is_match(&self, path: &[u8]) -> bool {
        self.0.is_match(path)
    }
}

impl PartialEq for PathRegex {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for PathRegex {}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostWildcard => f.write_str("host has a `*` that is not its whole first label"),
            Self::HostName => f.write_str("host is no host name"),
            Self::Path(error) => fmt::Display::fmt(error, f),
            Self::PathWildcard => f.write_str("path has a `*` before its end"),
            Self::Regex { detail } => write!(f, "regular expression: {detail}"),
        }
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests;
