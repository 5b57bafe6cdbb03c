//! The layer check: the table in `docs/architecture.md` against the dependency graph.
//!
//! The document is what people read and the manifests are what cargo reads; this keeps them from
//! drifting apart.

mod graph;
mod table;

use std::fs;

use anyhow::{Context, Result, bail};

use self::graph::Member;
use self::table::{MayUse, Row};
use crate::workspace;

/// Where the table lies, relative to the workspace.
const DOCUMENT: &str = "docs/architecture.md";

/// Checks the workspace and prints what it finds.
///
/// # Errors
/// When the table cannot be read, or the graph breaks it; the message names each breach.
pub(crate) fn run() -> Result<()> {
    let path = workspace::root()?.join(DOCUMENT);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("{DOCUMENT} cannot be read, so there is no table of layers"))?;
    let rows = table::parse(&text).map_err(|faults| anyhow::anyhow!(listed(&faults)))?;
    let members = graph::members(&workspace::metadata()?)?;
    let faults = breaches(&rows, &members);
    if !faults.is_empty() {
        bail!(listed(&faults));
    }
    println!("layers: {} crates keep to the table in {DOCUMENT}", members.len());
    Ok(())
}

fn listed(faults: &[String]) -> String {
    format!("the layers are broken:\n  {}", faults.join("\n  "))
}

/// Everything in `members` that `rows` do not allow, and every row that describes nothing.
fn breaches(rows: &[Row], members: &[Member]) -> Vec<String> {
    let mut faults = Vec::new();
    for row in rows {
        if !members.iter().any(|member| member.name == row.name) {
            faults.push(format!("{}: `{}` is no crate of this workspace", place(row), row.name));
        }
    }
    for member in members {
        match rows.iter().find(|row| row.name == member.name) {
            Some(row) => check_member(member, row, rows, &mut faults),
            None => faults.push(format!("{DOCUMENT}: `{}` has no line in the table", member.name)),
        }
    }
    faults
}

fn check_member(member: &Member, row: &Row, rows: &[Row], faults: &mut Vec<String>) {
    for used in &member.uses {
        if let Some(fault) = fault_of_use(used, row, rows) {
            faults.push(format!("{}: `{}` depends on `{used}`, {fault}", place(row), member.name));
        }
    }
    for package in member.external.iter().filter(|package| row.must_not_know.contains(package)) {
        let name = &member.name;
        faults.push(format!("{}: `{name}` depends on `{package}`, which it must not know", place(row)));
    }
}

/// Why the crate of `row` may not depend on the crate `used`.
fn fault_of_use(used: &str, row: &Row, rows: &[Row]) -> Option<String> {
    if let MayUse::Only(allowed) = &row.may_use
        && !allowed.iter().any(|name| name == used)
    {
        return Some("which its line does not list".to_owned());
    }
    let below = rows.iter().find(|other| other.name == used)?;
    (below.floor >= row.floor).then(|| format!("which is on floor {}, not below {}", below.floor, row.floor))
}

fn place(row: &Row) -> String {
    format!("{DOCUMENT}:{}", row.line)
}

#[cfg(test)]
mod tests;
