//! Percent-encoding (RFC 3986 section 2.1).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Everything but what is unreserved (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as one segment of a path, or as a value in a query.
pub(crate) fn encode(text: &str) -> String {
    match text {
        // They are taken for steps in the path by clients that normalise it, however else they are written.
        "." | ".." => text.replace('.', "%2E"),
        _ => utf8_percent_encode(text, RESERVED).to_string(),
    }
}

/// A part of a query as `application/x-www-form-urlencoded` writes it; `None` where it is no UTF-8, or a percent sign stands
/// for itself.
pub(crate) fn decode_form(text: &str) -> Option<String> {
    let is_triplet = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !text.split('%').skip(1).all(is_triplet) {
        return None;
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back() {
        for text in
            ["*.example.com", "a/b#2", "a b+c%", "b\u{fc}cher", "..", "~x-y_z.0", "api.example.com/users/*"]
        {
            let encoded = encode(text);
            assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            assert_eq!(decode_form(&encoded).as_deref(), Some(text));
        }
        assert_eq!(encode("*.a.test/x"), "%2A.a.test%2Fx");
    }

    #[test]
    fn what_no_form_writes_is_refused() {
        for text in ["%", "%2", "%zz", "a%", "%ff"] {
            assert_eq!(decode_form(text), None, "{text}");
        }
        assert_eq!(decode_form("a+b").as_deref(), Some("a b"));
    }
}
