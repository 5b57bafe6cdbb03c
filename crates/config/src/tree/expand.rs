//! `${NAME}` and `${NAME:-default}` in values, from the environment.

use super::{NodeId, Slot, Tree, Value};
use crate::Variable;
use std::iter;

/// How deep defaults may contain variables.
const DEPTH_MAX: usize = 8;
/// The longest value that variables may expand to, in bytes.
const VALUE_MAX: usize = 1 << 20;

/// Puts the values of variables into the tree's scalars; keys stay as they are. Gives the nodes where that failed
/// with the reason.
pub(crate) fn expand(tree: &mut Tree, environment: &dyn Fn(&str) -> Option<String>) -> Vec<(NodeId, String)> {
    let mut failed = Vec::new();
    for (index, node) in iter::zip(0.., &mut tree.nodes) {
        let id = NodeId(index);
        let is_key = matches!(node.slot, Slot::Key(key) if key == id);
        let Value::Scalar(scalar) = &mut node.value else { continue };
        if is_key || !scalar.text.contains("${") {
            continue;
        }
        match expanded(&scalar.text, environment, 0) {
            Ok(text) => {
                scalar.text = text.into();
                scalar.expanded = true;
            }
            Err(message) => failed.push((id, message)),
        }
    }
    failed
}

/// Expands one value. `$${` stands for a literal `${`.
fn expanded(
    text: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    depth: usize,
) -> Result<String, String> {
    if depth > DEPTH_MAX {
        return Err(format!("defaults are more than {DEPTH_MAX} deep in each other"));
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            result.push_str(before);
            result.push_str("${");
            rest = after;
            continue;
        }
        result.push_str(before);
        let (inside, behind) = closed(after).ok_or("a `${` has no `}`")?;
        result.push_str(&variable(inside, environment, depth)?);
        if result.len() > VALUE_MAX {
            return Err(format!("the value is longer than {VALUE_MAX} bytes"));
        }
        rest = behind;
    }
    result.push_str(rest);
    Ok(result)
}

/// Splits behind the brace that closes a variable; defaults may contain variables of their own.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn variable(
    inside: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    depth: usize,
) -> Result<String, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let valid = name.starts_with(first) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return Err(format!("`${{{inside}}}` is not a variable; write ${{NAME}} or ${{NAME:-default}}"));
    }
    match (environment(name), default) {
        (Some(value), None) => Ok(value),
        // As in a shell: an empty variable counts as unset for `:-`.
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => expanded(default, environment, depth + 1),
        (None, None) if Variable::ALL.iter().any(|(known, _)| *known == name) => Err(format!(
            "the environment variable `{name}` is not set; a request's own `{name}` is written `${name}`"
        )),
        (None, None) => Err(format!("the environment variable `{name}` is not set")),
    }
}

#[cfg(test)]
mod tests;
