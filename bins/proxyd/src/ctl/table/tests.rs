use super::*;

fn table(rows: &[[&str; 2]]) -> Table {
    let mut table = Table::new(&[Column::text("NAME"), Column::number("R/S")]);
    for row in rows {
        table.row(row.map(String::from));
    }
    table
}

#[test]
fn columns_are_aligned_numbers_at_their_end() {
    let lines = table(&[["a", "1"], ["longer", "1234"]]).lines(None);
    assert_eq!(lines, ["NAME     R/S", "a          1", "longer  1234"]);
}

#[test]
fn no_line_is_wider_than_the_screen_and_none_ends_with_spaces() {
    let long = "x".repeat(200);
    let table = table(&[[&long, "12"], ["a", ""]]);
    for most in [14, 20, 40] {
        let lines = table.lines(Some(most));
        assert!(lines.iter().all(|line| width(line) <= most && !line.ends_with(' ')), "{lines:#?}");
        assert!(lines[1].ends_with("…   12"), "{lines:#?}");
    }
    assert_eq!(width(&table.lines(None)[1]), WIDEST + 2 + 3);
}

#[test]
fn a_screen_too_narrow_for_anything_loses_no_numbers() {
    assert_eq!(table(&[["abcdefghij", "1234567"]]).lines(Some(3))[1], "abcde…  1234567");
}

#[test]
fn cells_cannot_steer_a_terminal() {
    let lines = table(&[["a\u{1b}[31m\nb", "1"]]).lines(None);
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains("\\u{1b}[31m\\nb"), "{lines:?}");
}
