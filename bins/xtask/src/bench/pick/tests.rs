use super::*;

#[test]
fn a_line_has_the_median_of_the_rounds_for_each_size() {
    let times = [[10.0, 20.0, 30.0], [11.0, 90.0, 33.0], [12.0, 22.0, 99.0]];
    let line = line("hash", &times.iter(), None);
    assert_eq!(line.nanoseconds, [11.0, 22.0, 33.0]);
    assert_eq!(growth(line.nanoseconds), 3.0);
}

#[test]
fn what_was_not_counted_is_a_dash() {
    let counted = Some([50.0, 60.0, 75.0]);
    let times = [[10.0, 11.0, 12.0]];
    let lines = [line("hash", &times.iter(), counted), line("first", &times.iter(), None)];
    let text = as_table(&lines).to_string();
    let rows: Vec<Vec<_>> = text.lines().skip(1).map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["hash", "10.0", "11.0", "12.0", "1.20", "50", "60", "75", "1.50"]);
    assert_eq!(rows[1], ["first", "10.0", "11.0", "12.0", "1.20", "-", "-", "-", "-"]);
}
