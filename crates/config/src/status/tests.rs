use super::*;

#[track_caller]
fn check(text: &str, expected: Result<&str, &str>) {
    let found = text.parse::<StatusRange>().map(|range| range.to_string()).map_err(|error| error.to_string());
    assert_eq!(found.as_deref().map_err(String::as_str), expected);
}

#[test]
fn a_code_and_a_range_of_codes_are_read() {
    check("204", Ok("204"));
    check("200-399", Ok("200-399"));
    check("200 - 399", Ok("200-399"));
    check("200-200", Ok("200"));
    check("100-599", Ok("100-599"));
}

#[test]
fn what_is_no_range_says_so() {
    let wrong = "expected a status from 100 to 599 or a range such as 200-399, found";
    check("99", Err(&format!("{wrong} `99`")));
    check("600", Err(&format!("{wrong} `600`")));
    check("2xx", Err(&format!("{wrong} `2xx`")));
    check("200-", Err(&format!("{wrong} `200-`")));
    check("399-200", Err("`399-200` has no status in it: its first is higher than its last"));
}

#[test]
fn both_ends_belong_to_a_range() {
    let range = StatusRange::between(200, 399);
    let found = [199, 200, 399, 400].map(|status| range.contains(status));
    assert_eq!(found, [false, true, true, false]);
}
