//! The longer way: segment by segment, with triplets decoded and dot segments removed.

use super::PathError;

/// What a segment means once its triplets are normal.
enum Meaning {
    Name,
    Empty,
    Current,
    Parent,
}

/// Appends the normal form of `/` and `path` to `out`, whose length at the call is the root: `..` does not reach
/// what lies before it.
pub(super) fn append(path: &[u8], out: &mut Vec<u8>) -> Result<(), PathError> {
    out.reserve(path.len() + 1);
    out.push(b'/');
    let root = out.len();
    let mut segments = path.split(|&byte| byte == b'/').peekable();
    while let Some(raw) = segments.next() {
        // `out` ends with `/` here.
        let start = out.len();
        let has_separator = append_segment(raw, out)?;
        match meaning(out.get(start..).unwrap_or_default(), has_separator)? {
            Meaning::Name if segments.peek().is_some() => out.push(b'/'),
            Meaning::Name => {}
            Meaning::Empty | Meaning::Current => out.truncate(start),
            Meaning::Parent => {
                out.truncate(start);
                leave_segment(root, out)?;
            }
        }
    }
    Ok(())
}

/// Removes the last segment and its `/`, down to the `/` before it, which there is: that of the root at the latest.
/// What is scanned is removed, so that all calls together are linear.
fn leave_segment(root: usize, out: &mut Vec<u8>) -> Result<(), PathError> {
    if out.len() <= root {
        return Err(PathError::EscapesRoot);
    }
    out.pop();
    while out.last().is_some_and(|&byte| byte != b'/') {
        out.pop();
    }
    Ok(())
}

/// Appends one segment with normal triplets and says whether it has an encoded separator.
fn append_segment(raw: &[u8], out: &mut Vec<u8>) -> Result<bool, PathError> {
    let mut has_separator = false;
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'%' => {
                let decoded = triplet(bytes.next(), bytes.next())?;
                has_separator |= matches!(decoded, b'/' | b'\\');
                append_decoded(decoded, out);
            }
            0 => return Err(PathError::Nul),
            b' ' => return Err(PathError::Space),
            b'#' => return Err(PathError::Fragment),
            b'?' => return Err(PathError::Query),
            b'\\' => return Err(PathError::Backslash),
            0x01..=0x1f | 0x7f => return Err(PathError::Control),
            0x80.. => return Err(PathError::NonAscii),
            _ => out.push(byte),
        }
    }
    Ok(has_separator)
}

/// RFC 3986 section 2.1.
fn triplet(high: Option<&u8>, low: Option<&u8>) -> Result<u8, PathError> {
    let digit = |byte: Option<&u8>| {
        byte.and_then(|&byte| char::from(byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
    };
    let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(PathError::BadPercent) };
    match high << 4 | low {
        0 => Err(PathError::Nul),
        decoded => Ok(decoded),
    }
}

/// RFC 3986 section 6.2.2.2: unreserved characters plain, everything else as a triplet with upper-case digits.
fn append_decoded(decoded: u8, out: &mut Vec<u8>) {
    if decoded.is_ascii_alphanumeric() || matches!(decoded, b'-' | b'.' | b'_' | b'~') {
        out.push(decoded);
    } else {
        out.extend_from_slice(&[b'%', upper_digit(decoded >> 4), upper_digit(decoded & 0xf)]);
    }
}

fn upper_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' + value - 10 }
}

fn meaning(segment: &[u8], has_separator: bool) -> Result<Meaning, PathError> {
    if has_separator {
        return if pieces(segment).any(is_dots) {
            Err(PathError::EncodedSeparatorDots)
        } else {
            Ok(Meaning::Name)
        };
    }
    match segment {
        b"" => Ok(Meaning::Empty),
        b"." => Ok(Meaning::Current),
        b".." => Ok(Meaning::Parent),
        _ if is_dots(segment) => Err(PathError::DotParams),
        _ => Ok(Meaning::Name),
    }
}

/// `.` or `..`, also with parameters, whose `;` may be encoded.
fn is_dots(segment: &[u8]) -> bool {
    let Some(rest) = segment.strip_prefix(b".") else { return false };
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    rest.is_empty() || rest.starts_with(b";") || rest.starts_with(b"%3B")
}

/// The segment as software sees it that takes `%2F` and `%5C` for separators.
fn pieces(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(segment);
    std::iter::from_fn(move || {
        let whole = rest?;
        let cut = whole.windows(3).position(|window| matches!(window, b"%2F" | b"%5C"));
        match cut.and_then(|at| Some((whole.get(..at)?, whole.get(at + 3..)?))) {
            Some((piece, after)) => {
                rest = Some(after);
                Some(piece)
            }
            None => rest.take(),
        }
    })
}
