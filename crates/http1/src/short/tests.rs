use super::*;

#[test]
fn a_text_is_itself_in_any_case_and_nothing_else() {
    let whole = b"ab-cdefg7hijk_mn";
    for len in 0..=whole.len() {
        let text = &whole[..len];
        let short = Short::of(text);
        assert!(short.is(text) && short.is(&text.to_ascii_uppercase()), "{len}");
        assert!(!short.is(&[text, b"a"].concat()), "{len}");
        for at in 0..len {
            for byte in 0..=u8::MAX {
                let mut other = text.to_vec();
                other[at] = byte;
                assert_eq!(short.is(&other), other.eq_ignore_ascii_case(text), "{}", other.escape_ascii());
            }
        }
    }
}

#[test]
fn a_text_of_more_than_sixteen_bytes_is_equal_to_nothing() {
    let long = b"0123456789abcdef0";
    assert!(!Short::of(long).is(long));
    assert!(!Short::of(b"").is(&[b'a'; 256]));
}
