//! A text, YAML or JSON, as JSON and nothing more: no document is made of it, no variable is put in.

use crate::{
    problem::Errors,
    source::Source,
    tree::{self, NodeId, Scalar, Tree, Value},
};
use serde_json::{Map, Number, Value as Json};

/// What a text says, YAML or JSON, as JSON: how a part of a document is sent to who will read it as one. `name` is what errors
/// call the text.
///
/// Text stays text. Without quotes, `true`, `false`, nothing, and a number are what they look like, but a number only where JSON
/// would write it the same: `1.10`, `010` and `0x10` are text, as the document's fields of text want them. `${NAME}` stays as it
/// is.
///
/// # Errors
/// Everything that makes the text neither YAML nor JSON, and each key that is given twice, with its place.
pub fn to_json(text: &str, name: &str) -> Result<Json, Errors> {
    let source = Source::new(name, text);
    let mut problems = Vec::new();
    match tree::build(text, &source, &mut problems) {
        Ok(tree) if problems.is_empty() => return Ok(json(&tree, Tree::ROOT)),
        Ok(_) => {}
        Err(problem) => problems.push(*problem),
    }
    Err(problems.into())
}

/// The tree is no deeper than its builder allows.
fn json(tree: &Tree, id: NodeId) -> Json {
    match &tree.node(id).value {
        Value::Scalar(scalar) => of_scalar(scalar),
        Value::List(items) => items.iter().map(|item| json(tree, *item)).collect(),
        Value::Map(entries) => {
            let named = entries.iter().filter_map(|(key, value)| Some((tree.text(*key)?, *value)));
            Json::Object(named.map(|(key, value)| (key.to_owned(), json(tree, value))).collect::<Map<_, _>>())
        }
    }
}

fn of_scalar(scalar: &Scalar) -> Json {
    let text = &*scalar.text;
    match text {
        _ if !scalar.plain => text.into(),
        _ if scalar.is_null() => Json::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => number(text).map_or_else(|| text.into(), Json::Number),
    }
}

/// A number that is written exactly so.
fn number(text: &str) -> Option<Number> {
    let whole = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
    let number = whole.ok().or_else(|| Number::from_f64(text.parse().ok()?))?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests;
