use super::{canonical, canonical_of_client};

#[test]
fn names_have_one_spelling() {
    for (written, expected) in [
        ("www.example.com", "www.example.com"),
        ("WWW.Example.COM.", "www.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1.example", "1.example"),
        ("localhost", "localhost"),
    ] {
        assert_eq!(canonical(written).as_deref(), Some(expected), "{written}");
    }
}

#[test]
fn what_no_authority_issues_for_is_no_name() {
    let long_label = format!("{}.example", "a".repeat(64));
    let long = format!("{}example.com", "a.".repeat(120));
    for written in [
        "",
        ".",
        "..",
        "a..b",
        ".a.b",
        "*.example.com",
        "127.0.0.1",
        "0x7f.1",
        "1.2.0x3",
        "2130706433",
        "::1",
        "[::1]",
        "a_b.example",
        "-a.example",
        "a-.example",
        "b\u{fc}cher.example",
        "a b.example",
        "a.example:443",
        "a/b.example",
        "../../etc/passwd",
        "a.example\0",
        &long_label,
        &long,
    ] {
        assert_eq!(canonical(written), None, "{written}");
    }
}

#[test]
fn a_client_has_to_name_more_than_one_label() {
    assert_eq!(canonical_of_client("localhost"), None);
    assert_eq!(canonical_of_client("localhost."), None);
    assert_eq!(canonical_of_client("A.Example").as_deref(), Some("a.example"));
}
