//! The one normalised path: what guards and routes decide on is byte for byte what is forwarded.
//!
//! [`normalise`] turns the path of a request line into that form or names the rule that it breaks. A path that is
//! already normal, which is nearly every path, is scanned once and returned as it came. [`Rewrite`] changes the
//! prefix of a normal path and gives a normal path again.

mod rewrite;
mod segment;

pub(crate) use rewrite::{Cut, Rewrite};

use std::fmt;

/// Why a path was refused. [`PathError::rule`] is the stable code of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathError {
    /// The path does not start with `/`.
    NotAbsolute,
    /// A `%` is not followed by two hexadecimal digits.
    BadPercent,
    /// A NUL, raw or as `%00`.
    Nul,
    /// A raw control character.
    Control,
    /// A raw space.
    Space,
    /// A raw byte outside ASCII.
    NonAscii,
    /// A `#`: a request target has no fragment.
    Fragment,
    /// A `?`: the query is not part of the path.
    Query,
    /// A raw `\`, which some software takes for `/`.
    Backslash,
    /// A `..` segment above the root.
    EscapesRoot,
    /// `%2F` or `%5C` beside dots, which would be a dot segment for software that decodes them.
    EncodedSeparatorDots,
    /// A dot segment with parameters (`/..;x/`), which is a dot segment for software that removes parameters.
    DotParams,
}

impl PathError {
    /// The stable code of the rule that was broken, for `bad_request:<rule>`.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::NotAbsolute => "path_not_absolute",
            Self::BadPercent => "bad_percent",
            Self::Nul => "nul",
            Self::Control => "control",
            Self::Space => "space",
            Self::NonAscii => "non_ascii",
            Self::Fragment => "fragment",
            Self::Query => "query_in_path",
            Self::Backslash => "backslash",
            Self::EscapesRoot => "escapes_root",
            Self::EncodedSeparatorDots => "encoded_separator_dots",
            Self::DotParams => "dot_params",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::NotAbsolute => "path does not start with `/`",
            Self::BadPercent => "path has a `%` without two hexadecimal digits",
            Self::Nul => "path has a NUL",
            Self::Control => "path has a raw control character",
            Self::Space => "path has a raw space",
            Self::NonAscii => "path has a raw byte outside ASCII",
            Self::Fragment => "path has a `#`",
            Self::Query => "path has a `?`",
            Self::Backslash => "path has a raw `\\`",
            Self::EscapesRoot => "path has a `..` above the root",
            Self::EncodedSeparatorDots => "path has an encoded separator beside dots",
            Self::DotParams => "path has a dot segment with parameters",
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for PathError {}

/// The normal form of `path`, which is the path of an origin-form target without its query.
///
/// Triplets of unreserved characters are decoded and all others get upper-case digits (RFC 3986 section 6.2.2), dot
/// segments are removed (section 6.2.2.3) and runs of `/` become one. `%2F` and `%5C` stay as they are. The result
/// is `path` itself when nothing was to be changed, otherwise it lies in `scratch`, whose former content is lost.
/// It starts with `/`, is printable ASCII, and its own normal form is itself.
///
/// # Errors
/// The first rule that the path breaks, from the left.
pub(crate) fn normalise<'a>(path: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<&'a [u8], PathError> {
    if path.first() != Some(&b'/') {
        return Err(PathError::NotAbsolute);
    }
    if is_normal(path) {
        return Ok(path);
    }
    scratch.clear();
    segment::append(path.get(1..).unwrap_or_default(), scratch)?;
    Ok(scratch)
}

/// Runs the normaliser over arbitrary bytes and checks what it promises.
///
/// # Panics
/// When a promise is broken, which is what a fuzzer looks for.
pub fn fuzz_path(data: &[u8]) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let Ok(normal) = normalise(data, &mut first) else { return };
    assert!(normal.first() == Some(&b'/') && normal.iter().all(u8::is_ascii_graphic));
    assert!(!normal.windows(2).any(|pair| pair == b"//"));
    assert!(!normal.split(|&byte| byte == b'/').any(|segment| segment == b"." || segment == b".."));
    assert_eq!(normalise(normal, &mut second), Ok(normal), "normalising twice differs from once");
}

/// Whether nothing has to be changed or refused in a path that starts with `/`: no triplet, no forbidden byte, no
/// `//`, no segment with a leading dot. (Segments such as `.well-known` are normal too; they take the longer way.)
///
/// The bytes are looked at in blocks that compile to vector instructions, a fifth of what a table costs. Each block
/// takes the last byte of the one before along, and the last block overlaps.
fn is_normal(path: &[u8]) -> bool {
    if let Some(last) = path.last_chunk::<17>() {
        let block = |number: usize| path.get(number * 16..).and_then(<[u8]>::first_chunk::<17>);
        return (0..path.len() / 16).filter_map(block).all(is_normal_block) && is_normal_block(last);
    }
    if let (Some(first), Some(last)) = (path.first_chunk::<9>(), path.last_chunk::<9>()) {
        return is_normal_block(first) && is_normal_block(last);
    }
    if let (Some(first), Some(last)) = (path.first_chunk::<5>(), path.last_chunk::<5>()) {
        return is_normal_block(first) && is_normal_block(last);
    }
    path.windows(2).filter_map(<[u8]>::first_chunk::<2>).all(is_normal_block)
}

/// Whether all bytes but the first need no closer look.
#[inline]
fn is_normal_block<const N: usize>(block: &[u8; N]) -> bool {
    let mut is_normal = true;
    for at in 1..N {
        is_normal &= is_normal_pair(block[at - 1], block[at]);
    }
    is_normal
}

/// Whether `byte` needs no closer look where it follows `before`. Without branches, which would keep a block from
/// becoming vector instructions.
#[inline]
fn is_normal_pair(before: u8, byte: u8) -> bool {
    let is_special = (byte <= b' ') | (byte >= 0x7f);
    let is_special = is_special | (byte == b'%') | (byte == b'#') | (byte == b'?') | (byte == b'\\');
    !is_special & !((before == b'/') & ((byte == b'/') | (byte == b'.')))
}

#[cfg(test)]
mod tests;
