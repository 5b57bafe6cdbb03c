//! What is in an answer, for people. An answer may lack what a former or a later version has: that is a dash.

use serde_json::Value;

use super::text::plain;

/// What stands where nothing is known.
pub(super) const NOTHING: &str = "-";

/// A member of an answer; `a.b` is the member of a member.
pub(super) fn member<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// A member that is text.
pub(super) fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    member(value, path).and_then(Value::as_str)
}

/// A member that is a number.
pub(super) fn number(value: &Value, path: &str) -> Option<f64> {
    member(value, path).and_then(Value::as_f64)
}

/// A member that is a whole number.
pub(super) fn whole(value: &Value, path: &str) -> Option<u64> {
    member(value, path).and_then(Value::as_u64)
}

/// The items of a list; of an object, what is under its only list.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The items of a member that is a list.
pub(super) fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    member(value, path).map(items).unwrap_or_default()
}

/// A member in one cell.
pub(super) fn cell(value: &Value, path: &str) -> String {
    member(value, path).map_or_else(|| NOTHING.into(), shown)
}

/// The first of these members that there is, in one cell.
pub(super) fn first(value: &Value, paths: &[&str]) -> String {
    let held = paths.iter().find_map(|path| member(value, path));
    held.map_or_else(|| NOTHING.into(), shown)
}

/// A value in one line.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.into(),
        Value::String(text) => plain(text).into_owned(),
        Value::Array(items) if items.is_empty() => NOTHING.into(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => plain(&other.to_string()).into_owned(),
    }
}

/// Milliseconds, with as many digits as matter.
pub(super) fn millis(value: &Value, path: &str) -> String {
    number(value, path).map_or_else(|| NOTHING.into(), short)
}

/// A number with as many digits as matter.
pub(super) fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0".into(),
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests;
