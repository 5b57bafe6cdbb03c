use super::*;

/// The SHA-256 of nothing.
const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

#[track_caller]
fn check(text: &str, expected: Result<[u8; 32], PinError>) {
    assert_eq!(text.parse::<Pin>().map(|pin| *pin.as_bytes()), expected, "{text}");
}

#[test]
fn pins_are_read_in_both_spellings() {
    let digest: [u8; 32] = digest(&SHA256, b"").as_ref().try_into().unwrap();
    check(&format!("sha256/{EMPTY}"), Ok(digest));
    check(&format!("sha256//{EMPTY}"), Ok(digest));
    assert_eq!(Pin::new(digest).to_string(), format!("sha256/{EMPTY}"));
}

#[test]
fn a_digest_that_begins_with_a_slash_is_read_in_both_spellings() {
    let digest = [0xff; 32];
    let text = Pin::new(digest).to_string();
    assert!(text.starts_with("sha256//"), "{text}");
    check(&text, Ok(digest));
    check(&text.replace("sha256/", "sha256//"), Ok(digest));
}

#[test]
fn what_is_no_pin_is_refused_with_its_reason() {
    check("", Err(PinError::Prefix));
    check(EMPTY, Err(PinError::Prefix));
    check(&format!("SHA256/{EMPTY}"), Err(PinError::Prefix));
    check(&format!("sha1/{EMPTY}"), Err(PinError::Prefix));
    check("sha256/", Err(PinError::Length { bytes: 0 }));
    check("sha256/AAAA", Err(PinError::Length { bytes: 3 }));
    check("sha256/%%%%", Err(PinError::Base64));
    check(&format!("sha256/{EMPTY}\n"), Err(PinError::Base64));
    check(&format!("sha256/{}", EMPTY.trim_end_matches('=')), Err(PinError::Base64));
    check(&format!("sha256/AAAA{EMPTY}"), Err(PinError::Length { bytes: 35 }));
}

#[test]
fn a_pin_is_of_the_key_with_its_digest_alone() {
    let pin: Pin = format!("sha256/{EMPTY}").parse().unwrap();
    assert!(pin.is_of(b""));
    assert!(!pin.is_of(b"another"));
}
