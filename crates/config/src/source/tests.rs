use super::*;

fn spot(line: u32, column: u32, width: u32) -> Spot {
    Spot { place: Place { line, column }, end: Place { line, column: column + width } }
}

#[test]
fn a_snippet_has_carets_under_what_is_meant() {
    let source = Source::new("x", "a: 1\r\n\tb: 22\n");
    assert_eq!(source.snippet(spot(1, 4, 1)), "  |\n1 | a: 1\n  |    ^");
    assert_eq!(source.snippet(spot(2, 5, 2)), "  |\n2 |  b: 22\n  |     ^^");
}

#[test]
fn a_snippet_bears_places_that_do_not_exist() {
    let source = Source::new("x", "a");
    assert_eq!(source.snippet(spot(9, 9, 9)), "  |\n9 | \n  | ^");
    assert_eq!(Source::new("x", "").snippet(spot(1, 1, 5)), "  |\n1 | \n  | ^");
}

#[test]
fn a_snippet_cannot_steer_the_terminal() {
    let source = Source::new("x", "a: \u{1b}[31m");
    assert_eq!(source.snippet(spot(1, 4, 2)), "  |\n1 | a: \u{fffd}[31m\n  |    ^^");
}

#[test]
fn a_long_line_is_shown_around_what_is_meant() {
    let source = Source::new("x", &format!("{}here{}", "a".repeat(500), "b".repeat(500)));
    let snippet = source.snippet(spot(1, 501, 4));
    let lines: Vec<_> = snippet.lines().collect();
    assert_eq!(lines[1].len(), SNIPPET_WIDTH + 4);
    assert_eq!(lines[1].find("here"), lines[2].find("^^^^"));
}

#[test]
fn hidden_values_are_hidden_on_all_their_lines() {
    let mut source = Source::new("x", "key: |\n  one\n  two\nend: 1");
    source.hide(Spot { place: Place { line: 1, column: 6 }, end: Place { line: 4, column: 1 } });
    assert_eq!(source.snippet(spot(2, 1, 1)), "  |\n2 | *****\n  | ^");
    assert_eq!(source.snippet(spot(1, 1, 3)), "  |\n1 | key: *\n  | ^^^");
    assert_eq!(source.snippet(spot(4, 1, 3)), "  |\n4 | end: 1\n  | ^^^");
}
