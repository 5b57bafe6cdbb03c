//! The table under `## Layers`, parsed.

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// The line's number in the document, from 1.
    pub(crate) line: usize,
    /// The crate's folder.
    pub(crate) name: String,
    /// Crates may use lower floors only.
    pub(crate) floor: u32,
    pub(crate) may_use: MayUse,
    /// External packages that it must not depend on directly.
    pub(crate) must_not_know: Vec<String>,
}

/// Which crates of the workspace a crate may depend on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MayUse {
    /// Whatever lies on a lower floor.
    Anything,
    /// These, if they lie on a lower floor.
    Only(Vec<String>),
}

const HEADING: &str = "## Layers";
const COLUMNS: [&str; 4] = ["crate", "floor", "may use", "must not know"];

/// The rows of the table in `document`.
///
/// # Errors
/// One sentence per fault, each with its line.
pub(crate) fn parse(document: &str) -> Result<Vec<Row>, Vec<String>> {
    let mut lines = document.lines().enumerate().map(|(index, text)| (index + 1, text.trim()));
    if !lines.by_ref().any(|(_, text)| text == HEADING) {
        return Err(vec![format!("the document has no heading `{HEADING}`")]);
    }
    let mut table = lines
        .take_while(|(_, text)| !text.starts_with("## "))
        .skip_while(|(_, text)| !text.starts_with('|'))
        .take_while(|(_, text)| text.starts_with('|'));
    let Some((line, header)) = table.next() else {
        return Err(vec![format!("there is no table under `{HEADING}`")]);
    };
    if cells(header) != COLUMNS {
        return Err(vec![format!("line {line}: the columns must be `| {} |`", COLUMNS.join(" | "))]);
    }
    let (rows, faults) = parse_rows(table);
    if !faults.is_empty() {
        return Err(faults);
    }
    if rows.is_empty() {
        return Err(vec![format!("line {line}: the table has no rows")]);
    }
    Ok(rows)
}

fn parse_rows<'a>(table: impl Iterator<Item = (usize, &'a str)>) -> (Vec<Row>, Vec<String>) {
    let mut rows: Vec<Row> = Vec::new();
    let mut faults = Vec::new();
    for (line, text) in table {
        if text.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')) {
            continue;
        }
        match parse_row(line, text) {
            Ok(row) if rows.iter().any(|earlier| earlier.name == row.name) => {
                faults.push(format!("line {line}: `{}` has a line already", row.name));
            }
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(format!("line {line}: {fault}")),
        }
    }
    (rows, faults)
}

fn parse_row(line: usize, text: &str) -> Result<Row, String> {
    let found = cells(text);
    let [name, floor, may_use, must_not_know] = found.as_slice() else {
        return Err(format!("{} columns instead of {}", found.len(), COLUMNS.len()));
    };
    let name = bare(name);
    if name.is_empty() {
        return Err("the crate has no name".to_owned());
    }
    let Ok(floor) = floor.parse() else {
        return Err(format!("the floor of `{name}` is `{floor}`, not a number"));
    };
    Ok(Row {
        line,
        name: name.to_owned(),
        floor,
        may_use: parse_may_use(may_use),
        must_not_know: quoted(must_not_know),
    })
}

/// The cells of one line, without the bars around them.
fn cells(line: &str) -> Vec<&str> {
    let inner = line.strip_prefix('|').unwrap_or(line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner.split('|').map(str::trim).collect()
}

/// A list of crates; `nothing`, a dash or an empty cell allows none.
fn parse_may_use(cell: &str) -> MayUse {
    if bare(cell) == "anything" {
        return MayUse::Anything;
    }
    let names = cell.split(',').map(bare).filter(|name| !matches!(*name, "" | "-" | "–" | "—" | "nothing"));
    MayUse::Only(names.map(str::to_owned).collect())
}

fn bare(cell: &str) -> &str {
    cell.trim().trim_matches('`')
}

/// Whatever stands between backticks; the words around it are for people.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
