//! Beginnings of paths, taken letter by letter.

use crate::PathPattern;

/// All paths that start with a text. In a native pattern, a prefix that ends in a slash also stands for the path
/// without it; where that is not meant, a regular expression says so.
pub(crate) fn starting_with(prefix: &str) -> PathPattern {
    match prefix.strip_suffix('/') {
        None | Some("") => PathPattern::Prefix(prefix.into()),
        Some(_) => PathPattern::Regex(format!("^{}", regex::escape(prefix))),
    }
}

/// Whether paths in their normal form can start with a text that ends in a slash: it has no empty and no dot segments,
/// and percent-encodes, in upper case, only what must be (RFC 3986 section 6.2.2).
pub(crate) fn is_normal(prefix: &str) -> bool {
    let is_kept = |triplet: &str| {
        let byte = triplet.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let is_needed = byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte));
        is_needed && !triplet.bytes().take(2).any(|digit| digit.is_ascii_lowercase())
    };
    let mut segments = prefix.split('/');
    !prefix.contains("//")
        && !segments.any(|segment| matches!(segment, "." | ".."))
        && prefix.split('%').skip(1).all(is_kept)
}

#[cfg(test)]
mod tests;
