//! Texts with variables, for field values and redirects: `https://new.example.test$uri`.
//!
//! A variable is `$name` or `${name}`, and `$$` is a `$`. The names are `ip`, `host`, `scheme`, `uri`, `request_id`
//! and `route`. Templates are compiled once; an expansion appends to a buffer, and never yields a byte that would end
//! a field line.

use std::fmt;
use std::net::IpAddr;

use crate::forwarded::push_ip;

/// A compiled text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// What lies before each variable, then the variable.
    parts: Box<[(Box<[u8]>, Variable)]>,
    /// What lies behind the last variable.
    tail: Box<[u8]>,
}

/// What a template can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Variable {
    /// `$ip`, the client's address.
    Ip,
    /// `$host`, the request's host.
    Host,
    /// `$scheme`, `http` or `https`.
    Scheme,
    /// `$uri`, the normal path and the query.
    Uri,
    /// `$request_id`, the request's id.
    RequestId,
    /// `$route`, the id of the route.
    Route,
}

/// The values of one request.
#[derive(Debug, Clone, Copy)]
pub struct Vars<'a> {
    /// The client's address.
    pub ip: IpAddr,
    /// The host that the request names, in lower case and without its port.
    pub host: &'a [u8],
    /// The scheme of the client's request.
    pub scheme: &'a str,
    /// The normal path.
    pub path: &'a [u8],
    /// The query as it came, without the `?`. An empty one yields a final `?`.
    pub query: Option<&'a [u8]>,
    /// The request's id.
    pub request_id: &'a [u8],
    /// The route's id.
    pub route: &'a str,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateError {
    /// There is no variable of this name.
    Unknown {
        /// The name as written, without `$` and braces; empty for a `$` without a name.
        variable: String,
        /// Where its `$` stands, in bytes.
        at: usize,
    },
    /// A `${` without its `}`.
    Unclosed {
        /// Where the `$` stands, in bytes.
        at: usize,
    },
    /// A CR, LF or NUL in the text itself.
    LineBreak {
        /// Where it stands, in bytes.
        at: usize,
    },
}

/// An expansion was refused: the value of a variable has a CR, LF or NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsafe {
    /// The variable whose value it is.
    pub variable: Variable,
}

impl Variable {
    /// All variables.
    pub const ALL: [Self; 6] = [Self::Ip, Self::Host, Self::Scheme, Self::Uri, Self::RequestId, Self::Route];

    /// The name, without `$`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Host => "host",
            Self::Scheme => "scheme",
            Self::Uri => "uri",
            Self::RequestId => "request_id",
            Self::Route => "route",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variable| variable.name() == name)
    }
}

impl Template {
    /// Compiles `text`.
    ///
    /// # Errors
    /// The first thing in the text that is no template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if let Some(at) = text.bytes().position(breaks_line) {
            return Err(TemplateError::LineBreak { at });
        }
        let (mut parts, mut literal, mut rest) = (Vec::new(), Vec::new(), text);
        while let Some((before, after)) = rest.split_once('$') {
            let at = text.len() - after.len() - 1;
            literal.extend_from_slice(before.as_bytes());
            if let Some(after) = after.strip_prefix('$') {
                literal.push(b'$');
                rest = after;
                continue;
            }
            let (name, after) = split_name(after).ok_or(TemplateError::Unclosed { at })?;
            let variable = Variable::named(name)
                .ok_or_else(|| TemplateError::Unknown { variable: name.to_owned(), at })?;
            parts.push((std::mem::take(&mut literal).into(), variable));
            rest = after;
        }
        literal.extend_from_slice(rest.as_bytes());
        Ok(Self { parts: parts.into(), tail: literal.into() })
    }

    /// The text itself when it names no variable.
    #[must_use]
    pub fn as_constant(&self) -> Option<&[u8]> {
        self.parts.is_empty().then_some(&*self.tail)
    }

    /// The variables that the text names, in its order.
    pub fn variables(&self) -> impl Iterator<Item = Variable> {
        self.parts.iter().map(|(_, variable)| *variable)
    }

    /// Appends the text with the values of `vars` to `out`.
    ///
    /// # Errors
    /// When a value has a CR, LF or NUL; `out` is then as it was.
    pub fn expand(&self, vars: &Vars<'_>, out: &mut Vec<u8>) -> Result<(), Unsafe> {
        let before = out.len();
        for (literal, variable) in &self.parts {
            out.extend_from_slice(literal);
            let start = out.len();
            vars.push(*variable, out);
            if out.iter().skip(start).any(|&byte| breaks_line(byte)) {
                out.truncate(before);
                return Err(Unsafe { variable: *variable });
            }
        }
        out.extend_from_slice(&self.tail);
        Ok(())
    }
}

impl Vars<'_> {
    fn push(&self, variable: Variable, out: &mut Vec<u8>) {
        match variable {
            Variable::Ip => push_ip(out, self.ip),
            Variable::Host => out.extend_from_slice(self.host),
            Variable::Scheme => out.extend_from_slice(self.scheme.as_bytes()),
            Variable::Uri => {
                out.extend_from_slice(self.path);
                if let Some(query) = self.query {
                    out.push(b'?');
                    out.extend_from_slice(query);
                }
            }
            Variable::RequestId => out.extend_from_slice(self.request_id),
            Variable::Route => out.extend_from_slice(self.route.as_bytes()),
        }
    }
}

/// The name at the start of what follows a `$`, and the rest. `None` for a brace that is not closed.
fn split_name(text: &str) -> Option<(&str, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        return braced.split_once('}');
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    Some(text.split_at(end))
}

fn breaks_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.name())
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { variable, at } if variable.is_empty() => {
                write!(f, "`$` at byte {at} names no variable; a `$` itself is `$$`")
            }
            Self::Unknown { variable, at } => write!(f, "unknown variable `${variable}` at byte {at}"),
            Self::Unclosed { at } => write!(f, "`${{` at byte {at} has no `}}`"),
            Self::LineBreak { at } => write!(f, "line break or NUL at byte {at}"),
        }
    }
}

impl std::error::Error for TemplateError {}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "value of `{}` has a line break or NUL", self.variable)
    }
}

impl std::error::Error for Unsafe {}

#[cfg(test)]
mod tests;
