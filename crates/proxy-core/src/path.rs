//! The one normalised path: what guards and routes decide on is byte for byte what is forwarded.
//!
//! [`normalise`] turns the path of a request line into that form or names the rule that it breaks. A path that is
//! already normal, which is nearly every path, is scanned once and returned as it came. [`Rewrite`] changes the
//! prefix of a normal path and gives a normal path again.

mod rewrite;
mod segment;

pub use rewrite::{Cut, Rewrite};

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
pub fn normalise<'a>(path: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<&'a [u8], PathError> {
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

/// The byte is `/`.
const SLASH: u8 = 1;
/// The byte needs a closer look when it follows a `/`: it is `/` or `.`. It lies one bit above [`SLASH`], so that
/// shifting the class of the previous byte lines the two up.
const AFTER_SLASH: u8 = SLASH << 1;
/// The byte always needs a closer look.
const SPECIAL: u8 = 0x80;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match byte as u8 {
            b'/' => SLASH | AFTER_SLASH,
            b'.' => AFTER_SLASH,
            b'%' | b'#' | b'?' | b'\\' | 0..=b' ' | 0x7f.. => SPECIAL,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// Whether nothing has to be changed or refused: no triplet, no forbidden byte, no `//`, no segment with a leading
/// dot. (Segments such as `.well-known` are normal too; they take the longer way.)
fn is_normal(path: &[u8]) -> bool {
    let mut before = 0_u8;
    let mut seen = 0_u8;
    for &byte in path {
        let class = CLASSES[usize::from(byte)];
        seen |= class & ((before << 1) | SPECIAL);
        before = class;
    }
    // Without the mask, the bit that `.` shifts above AFTER_SLASH would do no harm either; it is for the reader.
    seen & (AFTER_SLASH | SPECIAL) == 0
}

#[cfg(test)]
mod tests;
