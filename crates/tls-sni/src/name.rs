//! Names of servers: one spelling for each, and what a wildcard stands for.

use std::borrow::Cow;

/// The longest DNS name, in bytes. RFC 1035 section 2.3.4.
const LONGEST: usize = 253;

/// A name as it is looked up: lower case, without the root's dot.
pub(crate) fn canonical(name: &str) -> Cow<'_, str> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    if bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(bare.to_ascii_lowercase())
    } else {
        Cow::Borrowed(bare)
    }
}

/// What follows the first label; `None` where nothing does. A certificate's wildcard stands for that one label. RFC 9525
/// section 6.3.
pub(crate) fn parent(name: &str) -> Option<&str> {
    let (label, parent) = name.split_once('.')?;
    (!label.is_empty() && !parent.is_empty()).then_some(parent)
}

/// True for a DNS name that a certificate may name: in ASCII, with a wildcard for its first label at the most.
pub(crate) fn is_nameable(name: &str) -> bool {
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(is_inside);
    bare.len() <= LONGEST && bare.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(canonical("A.Test."), "a.test");
        assert_eq!(canonical("a.test"), "a.test");
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert_eq!(parent("a.b.test"), Some("b.test"));
        assert_eq!(parent("test"), None);
        assert_eq!(parent(".test"), None);
        assert_eq!(parent("a."), None);
    }

    #[test]
    fn what_is_no_name_is_not_served() {
        for name in ["a.test", "*.a.test", "xn--bcher-kva.test", "_x.test"] {
            assert!(is_nameable(name), "{name}");
        }
        for name in ["", "*.", "a..test", "*.*.test", "b\u{fc}cher.test", "a b", ".test", "a.*.test"] {
            assert!(!is_nameable(name), "{name}");
        }
    }
}
