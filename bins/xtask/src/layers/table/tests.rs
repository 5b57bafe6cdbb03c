use super::*;

const DOCUMENT: &str = "\
# Architecture
| crate | floor | may use | must not know |
| not | this | one | - |

## Layers
Some words.

| crate | floor | may use | must not know |
|---|---:|---|---|
| `http1` | 0 | nothing | sockets (`tokio`, `socket2`), `serde` |
| proxyd | 5 | anything | - |
| proxy-core | 1 | http1, `health` | |

After the table | there | is | prose.
## Else
| crate | floor | may use | must not know |
";

fn only(names: &[&str]) -> MayUse {
    MayUse::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn rows_keep_their_line_and_their_lists() {
    let rows = parse(DOCUMENT).unwrap();
    let names: Vec<_> = rows.iter().map(|row| (row.line, row.name.as_str(), row.floor)).collect();
    assert_eq!(names, [(10, "http1", 0), (11, "proxyd", 5), (12, "proxy-core", 1)]);
    assert_eq!(rows[0].may_use, only(&[]));
    assert_eq!(rows[0].must_not_know, ["tokio", "socket2", "serde"]);
    assert_eq!(rows[1].may_use, MayUse::Anything);
    assert_eq!(rows[2].may_use, only(&["http1", "health"]));
    assert!(rows[2].must_not_know.is_empty());
}

#[track_caller]
fn refused(table: &str, expected: &[&str]) {
    let document = format!("## Layers\n{table}");
    assert_eq!(parse(&document).unwrap_err(), expected);
}

#[test]
fn a_document_without_the_heading_or_the_table_is_refused() {
    assert_eq!(parse("# Layers\n").unwrap_err(), ["the document has no heading `## Layers`"]);
    refused("words\n", &["there is no table under `## Layers`"]);
    refused("words\n## Next\n| crate |\n", &["there is no table under `## Layers`"]);
}

#[test]
fn other_columns_are_refused() {
    refused(
        "| crate | may use |\n|---|---|\n",
        &["line 2: the columns must be `| crate | floor | may use | must not know |`"],
    );
}

#[test]
fn every_faulty_row_is_named() {
    let header = "| crate | floor | may use | must not know |\n|---|---|---|---|\n";
    refused(header, &["line 2: the table has no rows"]);
    refused(
        &format!("{header}| a | one | | |\n| b | 1 |\n| | 1 | | |\n| c | 1 | | |\n| c | 2 | | |\n"),
        &[
            "line 4: the floor of `a` is `one`, not a number",
            "line 5: 2 columns instead of 4",
            "line 6: the crate has no name",
            "line 8: `c` has a line already",
        ],
    );
}
