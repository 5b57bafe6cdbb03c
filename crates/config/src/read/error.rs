//! What serde has to say, in words for people.

use crate::{
    document::is_pem,
    nearest::nearest,
    tree::{NodeId, Tree},
};
use serde::de::{self, Expected, Unexpected};
use std::fmt;

/// An error of reading, with the node that it is about.
#[derive(Clone, Debug)]
pub(crate) struct ReadError {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    at: Option<NodeId>,
    left_out: Option<NodeId>,
}

impl ReadError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, at: None, left_out: None }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that no name of a choice is here.
    pub(super) fn no_variant(found: Unexpected<'_>, expected: &[&str]) -> Self {
        Self::new(format!("expected {}, found {}", one_of(expected), shown(found)))
    }

    /// Says which node is wrong; the innermost one says it first, and that stays.
    pub(super) fn about(mut self, at: NodeId, left_out: NodeId) -> Self {
        if self.at.is_none() {
            self.at = Some(at);
            self.left_out = Some(left_out);
        }
        self
    }

    /// The node that is wrong.
    pub(crate) fn at(&self) -> NodeId {
        self.at.unwrap_or(Tree::ROOT)
    }

    /// The node without which reading can go on.
    pub(crate) fn left_out(&self) -> NodeId {
        self.left_out.unwrap_or(Tree::ROOT)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let error = Self::new(format!("expected {}, found {}", wanted(expected), shown(found)));
        match (found, expected.to_string().as_str()) {
            (Unexpected::Str(text), "a sequence") if is_pem(text) => error.with_hint("write a list"),
            (Unexpected::Str(text), "a sequence") => error.with_hint(format!("write a list: [{text}]")),
            (Unexpected::Str("yes" | "no" | "on" | "off"), "a boolean") => {
                error.with_hint("write true or false")
            }
            _ => error,
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", wanted(expected), shown(found)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let error = Self::new(format!("expected {}, found `{variant}`", one_of(expected)));
        match nearest(variant, expected.iter().copied()) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error,
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let error = Self::new(format!("unknown key `{field}`"));
        match nearest(field, expected.iter().copied()) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None if expected.is_empty() => error.with_hint("nothing is configured here"),
            None => error.with_hint(format!("known here: {}", expected.join(", "))),
        }
    }
}

/// `one of a, b, c`, or the only one.
fn one_of(names: &[&str]) -> String {
    match names {
        [name] => format!("`{name}`"),
        _ => {
            format!("one of {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

/// What serde expects, in the document's words.
fn wanted(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "a sequence" => "a list".into(),
        "a string" => "text".into(),
        "a boolean" => "true or false".into(),
        "u8" => "a whole number from 0 to 255".into(),
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" => "a whole number, 0 or more".into(),
        "f64" => "a number".into(),
        "path string" => "a path".into(),
        text if text.starts_with("struct ") => "a map".into(),
        _ => expected,
    }
}

/// What was found, in the document's words.
fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(number) => format!("`{number}`"),
        Unexpected::Signed(number) => format!("`{number}`"),
        Unexpected::Float(number) => format!("`{number}`"),
        // It may be a key.
        Unexpected::Str(text) if is_pem(text) => "PEM".into(),
        Unexpected::Str(text) => format!("`{}`", text.escape_debug()),
        Unexpected::Unit | Unexpected::Option => "nothing".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a map".into(),
        Unexpected::Other(text) => text.into(),
        other => other.to_string(),
    }
}
