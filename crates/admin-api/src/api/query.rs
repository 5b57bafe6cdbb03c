//! Queries, read strictly: what nobody knows is refused, as it would be a slip that changes more than was meant.

use http::StatusCode;

use super::operation::Operation;
use super::percent;
use crate::Problem;

/// A query that an operation takes.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// That of a request.
    ///
    /// # Errors
    /// 400 with everything that is wrong.
    pub(crate) fn read(text: &str, operation: &Operation) -> Result<Self, Problem> {
        let mut read = Self::default();
        let mut wrong = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            match parameter(pair, operation) {
                Ok((name, _)) if read.text(name).is_some() => wrong.push(format!("`{name}` comes twice")),
                Ok(pair) => read.0.push(pair),
                Err(message) => wrong.push(message),
            }
        }
        if wrong.is_empty() {
            return Ok(read);
        }
        Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_parameter", wrong.join("; ")))
    }

    /// The value of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(held, _)| *held == name).map(|(_, value)| value.as_str())
    }

    /// Whether a flag is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The value of a parameter that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }
}

/// An error of a parameter.
pub(crate) fn refuse(name: &str, detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_parameter", format!("`{name}` {detail}"))
}

fn parameter(pair: &str, operation: &Operation) -> Result<(&'static str, String), String> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let broken = || "the query is not percent-encoded UTF-8".to_owned();
    let name = percent::decode_form(name).ok_or_else(broken)?;
    let value = percent::decode_form(value).ok_or_else(broken)?;
    let Some(parameter) = operation.query_parameters().find(|parameter| parameter.name == name) else {
        let known: Vec<_> = operation.query_parameters().map(|parameter| parameter.name).collect();
        let known = if known.is_empty() { "none is".to_owned() } else { known.join(", ") };
        let shown: String = name.chars().take(64).collect();
        return Err(format!("{shown:?} is no parameter here; known: {known}"));
    };
    match parameter.value.refuse(&value) {
        Some(wrong) => Err(format!("`{name}` {wrong}")),
        None => Ok((parameter.name, value)),
    }
}

#[cfg(test)]
mod tests;
