//! What changes, as a diff is read.

use serde_json::Value;

use super::Paper;
use crate::ctl::text::plain;
use crate::ctl::value::{cell, first, list, member, shown, text, whole};

pub(super) fn plan(value: &Value, tag: Option<&str>, paper: Paper) -> Vec<String> {
    let mut lines = changes(value, paper, "nothing would change");
    lines.extend(connections(value));
    lines.extend(warnings(value, paper));
    let of = whole(value, "revision").map(|revision| format!("planned against revision {revision}"));
    lines.extend(of.map(|of| match tag {
        Some(tag) => format!("{of}, etag: {}", plain(tag)),
        None => of,
    }));
    lines
}

pub(super) fn applied(value: &Value, paper: Paper) -> Vec<String> {
    let mut lines = changes(value, paper, "nothing has changed");
    lines.extend(warnings(value, paper));
    lines.extend(whole(value, "revision").map(|revision| format!("revision {revision}")));
    lines.extend(pending(value));
    lines
}

pub(super) fn revision(value: &Value, paper: Paper) -> Vec<String> {
    let mut lines = vec![format!(
        "revision {} of {} by {}: {}",
        cell(value, "revision"),
        cell(value, "at"),
        cell(value, "by"),
        what(value)
    )];
    lines.extend(changes(value, paper, "nothing has changed"));
    lines.extend(pending(value));
    lines
}

/// How a revision came about.
pub(super) fn what(value: &Value) -> String {
    let of = whole(value, "of").map(|of| format!(" {of}")).unwrap_or_default();
    let why = text(value, "why").map(|why| format!(": {}", plain(why))).unwrap_or_default();
    format!("{}{of}{why}", cell(value, "what"))
}

/// What to do about a revision that waits.
pub(super) fn pending(value: &Value) -> Option<String> {
    let until = text(value, "pending.until")?;
    let revision = first(value, &["pending.revision", "revision"]);
    Some(format!(
        "revision {revision} waits for its confirmation: `proxyd ctl confirm {revision}` before {}, or it is taken back",
        plain(until)
    ))
}

fn changes(value: &Value, paper: Paper, none: &str) -> Vec<String> {
    let changes = list(value, "changes");
    if changes.is_empty() {
        return vec![none.to_owned()];
    }
    changes.iter().map(|change| line(change, paper)).collect()
}

fn line(change: &Value, paper: Paper) -> String {
    let (sign, colour) = match text(change, "change") {
        Some("added") => ('+', 32),
        Some("removed") => ('-', 31),
        _ => ('~', 33),
    };
    let mut line = format!("{sign} {} {}", cell(change, "kind"), cell(change, "id"));
    let fields: Vec<String> = list(change, "fields").iter().filter_map(Value::as_str).map(field).collect();
    if !fields.is_empty() && sign == '~' {
        line.push_str(": ");
        line.push_str(&fields.join(", "));
    }
    if paper.has_colours { format!("\u{1b}[{colour}m{line}\u{1b}[0m") } else { line }
}

/// A pointer (RFC 6901) as it is read.
fn field(pointer: &str) -> String {
    let path = pointer.strip_prefix('/').unwrap_or(pointer);
    let steps: Vec<String> = path.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    plain(&steps.join(".")).into_owned()
}

/// What is under way and concerned; all of it goes on.
const CONNECTIONS: [(&str, &str); 4] = [
    ("connections", "connections of clients, which stay"),
    ("requestsOfChanged", "requests in flight on routes that change"),
    ("requestsOfRemoved", "requests in flight on routes that go, which end as they were"),
    ("requestsOfBackends", "requests in flight on backends that go, which end there"),
];

fn connections(value: &Value) -> Vec<String> {
    let Some(Value::Object(held)) = member(value, "connections") else { return Vec::new() };
    let counted = |name: &String, count: &Value| {
        let known = CONNECTIONS.iter().find(|(known, _)| known == name);
        match (known, count.as_f64()) {
            (_, Some(0.0)) => None,
            (Some((_, told)), Some(_)) => Some(format!("  {told}: {}", shown(count))),
            _ => Some(format!("  {}: {}", plain(name), shown(count))),
        }
    };
    let lines: Vec<String> = held.iter().filter_map(|(name, count)| counted(name, count)).collect();
    match lines.is_empty() {
        true => Vec::new(),
        false => std::iter::once("under way, and not broken:".to_owned()).chain(lines).collect(),
    }
}

fn warnings(value: &Value, paper: Paper) -> Vec<String> {
    let (on, off) = if paper.has_colours { ("\u{1b}[33m", "\u{1b}[0m") } else { ("", "") };
    let line = |warning: &Value| {
        let place = text(warning, "path").filter(|path| !path.is_empty());
        let place = place.map(|path| format!("{}: ", plain(path))).unwrap_or_default();
        let hint = text(warning, "hint").map(|hint| format!("; {}", plain(hint))).unwrap_or_default();
        format!("{on}warning:{off} {place}{}{hint}", cell(warning, "detail"))
    };
    list(value, "warnings").iter().map(line).collect()
}
