//! Figures.

use serde_json::Value;

use super::Paper;
use crate::ctl::table::{Column, Table};
use crate::ctl::text::{plain, width};
use crate::ctl::value::{cell, items, list, millis, number, short, shown};

/// Figures of one scope, and what they were before.
pub(super) fn stats(value: &Value, paper: Paper) -> Vec<String> {
    let seconds =
        number(value, "windowSeconds").map_or_else(|| "-".into(), |seconds| format!("{} s", short(seconds)));
    let latency = |name: &str| format!("{} ms", millis(value, &format!("latency.{name}")));
    let mut lines = aligned(&[
        ("requests per second", rate(value)),
        ("errors", cell(value, "errors")),
        ("in flight", cell(value, "inFlight")),
        ("mean", latency("mean")),
        ("p50", latency("p50")),
        ("p95", latency("p95")),
        ("p99", latency("p99")),
        ("of the last", seconds),
    ]);
    let history = list(value, "history");
    if !history.is_empty() {
        let mut table = figures_table(Column::text("AT"));
        for point in history {
            table.row(figures(cell(point, "at"), point));
        }
        lines.push(String::new());
        lines.extend(table.lines(paper.width));
    }
    lines
}

/// Figures of every route: a list of objects with `id`, or an object of them by id.
pub(super) fn routes(value: &Value, paper: Paper) -> Vec<String> {
    let mut table = figures_table(Column::text("ROUTE"));
    for (id, figures_of) in by_id(value) {
        table.row(figures(id, figures_of));
    }
    if table.is_empty() { vec!["no routes".into()] } else { table.lines(paper.width) }
}

/// Figures with the ids of what they are of.
pub(in crate::ctl) fn by_id(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(members) => members.iter().map(|(id, figures)| (id.clone(), figures)).collect(),
        list => items(list).iter().map(|figures| (cell(figures, "id"), figures)).collect(),
    }
}

fn figures_table(first: Column) -> Table {
    Table::new(&[
        first,
        Column::number("R/S"),
        Column::number("ERRORS"),
        Column::number("MEAN ms"),
        Column::number("P50 ms"),
        Column::number("P95 ms"),
        Column::number("P99 ms"),
    ])
}

fn figures(first: String, value: &Value) -> [String; 7] {
    let latency = |name: &str| millis(value, &format!("latency.{name}"));
    [
        first,
        rate(value),
        cell(value, "errors"),
        latency("mean"),
        latency("p50"),
        latency("p95"),
        latency("p99"),
    ]
}

fn rate(value: &Value) -> String {
    number(value, "requestsPerSecond").map_or_else(|| "-".into(), short)
}

/// Whatever an object has, one member in a line; those of a member are lines of their own.
pub(super) fn pairs(value: &Value) -> Vec<String> {
    let mut pairs = Vec::new();
    for (name, held) in value.as_object().into_iter().flatten() {
        match held {
            Value::Object(members) => {
                pairs.extend(members.iter().map(|(inner, held)| (format!("{name}.{inner}"), shown(held))));
            }
            held => pairs.push((name.clone(), shown(held))),
        }
    }
    let pairs: Vec<(&str, String)> = pairs.iter().map(|(name, held)| (name.as_str(), held.clone())).collect();
    aligned(&pairs)
}

fn aligned(pairs: &[(&str, String)]) -> Vec<String> {
    let widest = pairs.iter().map(|(name, _)| width(&plain(name))).max().unwrap_or_default();
    let line = |(name, held): &(&str, String)| {
        let name = plain(name);
        format!("{name}{}  {held}", " ".repeat(widest.saturating_sub(width(&name))))
    };
    pairs.iter().map(line).collect()
}
