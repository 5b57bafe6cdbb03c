//! Objects in tables.

use serde_json::Value;

use super::{Paper, changes};
use crate::ctl::table::{Column, Table};
use crate::ctl::value::{cell, first, items, list, member, shown, text, whole};

pub(super) fn routes(value: &Value, paper: Paper) -> Vec<String> {
    let mut table = Table::new(&[
        Column::text("ID"),
        Column::text("VHOST"),
        Column::text("PATH"),
        Column::text("TO"),
        Column::text("SOURCE"),
    ]);
    for route in items(value) {
        let path = first(route, &["path"]);
        table.row([
            cell(route, "id"),
            first(route, &["vHost"]),
            if path == "-" { "/*".into() } else { path },
            to(route),
            source(route),
        ]);
    }
    or_none(&table, paper, "no routes")
}

/// What a route does with a request.
fn to(route: &Value) -> String {
    if let Some(upstream) = text(route, "upstream") {
        return upstream.to_owned();
    }
    if let Some(upstreams) = member(route, "upstreams") {
        return items(upstreams)
            .iter()
            .map(|upstream| first(upstream, &["name"]))
            .collect::<Vec<_>>()
            .join(",");
    }
    if member(route, "respond").is_some() {
        return format!("respond {}", first(route, &["respond.status"]));
    }
    if member(route, "redirect").is_some() {
        return format!("redirect {}", first(route, &["redirect.to"]));
    }
    count(list(route, "backends").len(), "backend")
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn source(object: &Value) -> String {
    let source = cell(object, "source");
    let shadows = member(object, "shadows").and_then(Value::as_bool) == Some(true);
    if shadows { format!("{source}, shadows the file's") } else { source }
}

pub(super) fn upstreams(value: &Value, paper: Paper) -> Vec<String> {
    let mut table = Table::new(&[
        Column::text("NAME"),
        Column::text("STRATEGY"),
        Column::text("BACKENDS"),
        Column::text("SOURCE"),
    ]);
    for upstream in items(value) {
        let backends = match text(upstream, "url") {
            Some(url) => url.to_owned(),
            None => list(upstream, "backends").iter().map(name).collect::<Vec<_>>().join(","),
        };
        table.row([cell(upstream, "name"), cell(upstream, "strategy"), backends, source(upstream)]);
    }
    or_none(&table, paper, "no upstreams")
}

const BACKEND: [Column; 6] = [
    Column::text("ID"),
    Column::text("ADDRESS"),
    Column::number("WEIGHT"),
    Column::text("STATE"),
    Column::number("IN FLIGHT"),
    Column::number("FAILURES"),
];

fn backend(backend: &Value) -> [String; 6] {
    [
        name(backend),
        address(backend),
        cell(backend, "weight"),
        state(backend),
        cell(backend, "inFlight"),
        cell(backend, "failureCount"),
    ]
}

pub(super) fn backends(value: &Value, paper: Paper) -> Vec<String> {
    let mut table = Table::new(&BACKEND);
    for held in items(value) {
        table.row(backend(held));
    }
    or_none(&table, paper, "no backends")
}

pub(super) fn all_backends(upstreams: &Value, routes: &Value, paper: Paper) -> Vec<String> {
    let mut columns = vec![Column::text("OF")];
    columns.extend(BACKEND);
    let mut table = Table::new(&columns);
    let mut add = |of: String, held: &Value| {
        table.row(std::iter::once(of).chain(backend(held)));
    };
    for upstream in items(upstreams) {
        for held in list(upstream, "backends") {
            add(cell(upstream, "name"), held);
        }
    }
    for route in items(routes).iter().filter(|route| member(route, "upstream").is_none()) {
        for held in list(route, "backends") {
            add(format!("route {}", cell(route, "id")), held);
        }
    }
    or_none(&table, paper, "no backends")
}

/// What a backend is known by.
pub(in crate::ctl) fn name(backend: &Value) -> String {
    text(backend, "id").filter(|id| !id.is_empty()).map_or_else(|| address(backend), str::to_owned)
}

fn address(backend: &Value) -> String {
    let host = cell(backend, "hostname");
    match whole(backend, "port") {
        Some(port) if host.contains(':') && !host.starts_with("unix:") => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// Whether a backend takes requests, and why not.
pub(in crate::ctl) fn state(backend: &Value) -> String {
    let is_dead = member(backend, "isDead").and_then(Value::as_bool);
    let state = text(backend, "status").unwrap_or(match is_dead {
        Some(true) => "dead",
        Some(false) => "ready",
        None => "-",
    });
    let since = text(backend, "deadSince").map(|since| format!(" since {since}")).unwrap_or_default();
    match list(backend, "outages") {
        [] => format!("{state}{since}"),
        // What is told already needs not be told again.
        outages if outages.iter().all(|outage| outage == state) => format!("{state}{since}"),
        outages => {
            let outages: Vec<String> = outages.iter().map(shown).collect();
            format!("{state}{since}: {}", outages.join(","))
        }
    }
}

pub(super) fn certificates(value: &Value, paper: Paper) -> Vec<String> {
    let mut table = Table::new(&[
        Column::text("ID"),
        Column::text("NAMES"),
        Column::text("VALID UNTIL"),
        Column::text("SOURCE"),
        Column::text("STATE"),
    ]);
    for certificate in items(value) {
        let is_served = member(certificate, "isServed").and_then(Value::as_bool);
        let state = match (text(certificate, "lastError"), is_served) {
            (Some(error), _) => error.to_owned(),
            (None, Some(true)) => "served".into(),
            (None, Some(false)) => "not served".into(),
            (None, None) => "-".into(),
        };
        table.row([
            cell(certificate, "id"),
            member(certificate, "names").map_or_else(|| "-".into(), shown),
            cell(certificate, "notAfter"),
            source(certificate),
            state,
        ]);
    }
    or_none(&table, paper, "no certificates")
}

pub(super) fn revisions(value: &Value, paper: Paper) -> Vec<String> {
    let mut table = Table::new(&[
        Column::number("REVISION"),
        Column::text("AT"),
        Column::text("BY"),
        Column::text("WHAT"),
        Column::text("CHANGES"),
    ]);
    for revision in items(value) {
        let waits = cell(revision, "pending.until");
        let what = changes::what(revision);
        table.row([
            cell(revision, "revision"),
            cell(revision, "at"),
            cell(revision, "by"),
            if waits == "-" { what } else { format!("{what}, waits until {waits}") },
            summary(revision),
        ]);
    }
    or_none(&table, paper, "no revisions")
}

/// `+2 ~1`.
fn summary(revision: &Value) -> String {
    let changes = list(revision, "changes");
    let counted = |kind: &str, sign: char| {
        let number = changes.iter().filter(|change| text(change, "change") == Some(kind)).count();
        (number > 0).then(|| format!("{sign}{number}"))
    };
    let parts = [counted("added", '+'), counted("changed", '~'), counted("removed", '-')];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "-".into() } else { parts.join(" ") }
}

fn or_none(table: &Table, paper: Paper, none: &str) -> Vec<String> {
    if table.is_empty() { vec![none.to_owned()] } else { table.lines(paper.width) }
}
