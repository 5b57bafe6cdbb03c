use super::*;

/// What a text becomes, line by line.
#[track_caller]
fn check(text: &str, expected: &str) {
    let keys = find(text);
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split('\n') {
        lines.push(masked(line, start, &keys).into_owned());
        start += line.len() + 1;
    }
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn keys_are_hidden_and_nothing_else() {
    check("a: 1", "a: 1");
    check(
        "-----BEGIN CERTIFICATE-----\nAB\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAB\n-----END CERTIFICATE-----",
    );
    check(
        "a:\n-----BEGIN PRIVATE KEY-----\nAB\n-----END PRIVATE KEY-----\nb: 1",
        "a:\n***************************\n**\n*************************\nb: 1",
    );
    check(
        "a: \"-----BEGIN EC PRIVATE KEY-----\\nAB\\n-----END EC PRIVATE KEY-----\"",
        &format!("a: \"{}\"", "*".repeat(64)),
    );
}

#[test]
fn a_key_behind_a_certificate_and_one_behind_another_are_hidden() {
    let text = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nB\n-----END PRIVATE KEY-----\n-----BEGIN RSA PRIVATE KEY-----\nC\n-----END RSA PRIVATE KEY-----\nd";
    let expected = format!(
        "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n{}\n*\n{}\n{}\n*\n{}\nd",
        "*".repeat(27),
        "*".repeat(25),
        "*".repeat(31),
        "*".repeat(29)
    );
    check(text, &expected);
}

#[test]
fn a_key_that_does_not_end_is_hidden_to_the_end() {
    check("-----BEGIN PRIVATE KEY-----\nAB\nü", &format!("{}\n**\n*", "*".repeat(27)));
    check("-----BEGIN ", "-----BEGIN ");
}

#[test]
fn a_message_shows_no_key() {
    let text = "`-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----` is no host name";
    let shown = without(text.to_owned());
    assert!(
        shown.starts_with("`*") && shown.ends_with("*` is no host name") && !shown.contains("MIGH"),
        "{shown}"
    );
    assert_eq!(without("`a_b` is no host name".to_owned()), "`a_b` is no host name");
}
