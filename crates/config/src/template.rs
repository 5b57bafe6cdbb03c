//! Values with variables: `$host` or `${host}`, and `$$` for a dollar.
//!
//! In a file the form with braces is written `$${host}`, since `${host}` is the environment's.

use std::{fmt, str::FromStr};

/// A value in which variables stand for what the request says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Template {
    /// The pieces in order.
    pub parts: Vec<Part>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Text that stays as it is.
    Text(String),
    /// What the request says.
    Variable(Variable),
}

/// What a request can say in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// `$ip`: the client's address.
    Ip,
    /// `$host`: the host that the client asked for, in lower case and without its port.
    Host,
    /// `$scheme`: `http` or `https`, as the client spoke it.
    Scheme,
    /// `$uri`: the normalised path, and the query as the client sent it.
    Uri,
    /// `$request_id`: the request's identifier.
    RequestId,
    /// `$route`: the id of the route.
    Route,
}

impl Variable {
    /// Every variable with its name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("ip", Self::Ip),
        ("host", Self::Host),
        ("scheme", Self::Scheme),
        ("uri", Self::Uri),
        ("request_id", Self::RequestId),
        ("route", Self::Route),
    ];
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut template = Self::default();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            template.push_text(before);
            if let Some(after) = after.strip_prefix('$') {
                template.push_text("$");
                rest = after;
                continue;
            }
            let (name, after) = name(after);
            let known = Variable::ALL.into_iter().find(|(known, _)| *known == name);
            let (_, variable) = known.ok_or_else(|| TemplateError { name: name.into() })?;
            template.parts.push(Part::Variable(variable));
            rest = after;
        }
        template.push_text(rest);
        Ok(template)
    }
}

/// Splits what follows a dollar into the name of a variable and the rest.
fn name(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at(end)
}

impl Template {
    fn push_text(&mut self, text: &str) {
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.parts.push(Part::Text(text.into()));
        }
    }
}

/// A `$` that no known variable follows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateError {
    /// What stands behind the dollar; empty where nothing does.
    pub name: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            f.write_str("a `$` without a variable behind it")
        } else {
            write!(f, "unknown variable `${}`", self.name)
        }
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests;
