//! The frame around what a file holds: `{"format":1,"sha256":"...","body":...}` and a line's end. Nothing in it can
//! change unnoticed: the checksum is that of format and body, and the rest is compared byte for byte.

use aws_lc_rs::digest::{Context, SHA256};

/// The format that is written.
const FORMAT: u64 = 1;
const BEFORE_FORMAT: &[u8] = b"{\"format\":";
const BEFORE_CHECKSUM: &[u8] = b",\"sha256\":\"";
const BEFORE_BODY: &[u8] = b"\",\"body\":";
pub(super) const END: &[u8] = b"}\n";

/// How many bytes a checksum has.
const LENGTH: usize = 32;

/// The SHA-256 of a format and a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum([u8; LENGTH]);

/// Why a file's content is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unframed {
    /// It is not what was written.
    Damaged,
    /// It is what a later version of this program has written.
    Later(u64),
}

/// The whole content of a file, and the checksum in it.
pub(crate) fn frame(body: &[u8]) -> (Vec<u8>, Checksum) {
    let format = FORMAT.to_string();
    let checksum = Checksum::of(format.as_bytes(), body);
    let text = checksum.to_text();
    let parts = [BEFORE_FORMAT, format.as_bytes(), BEFORE_CHECKSUM, text.as_bytes(), BEFORE_BODY, body, END];
    // One allocation: nothing of a secret is left behind in a smaller one.
    (parts.concat(), checksum)
}

/// What stands in a frame, and its checksum.
///
/// # Errors
/// It is damaged, or of a later format.
pub(crate) fn unframe(content: &[u8]) -> Result<(&[u8], Checksum), Unframed> {
    let (format, body, checksum) = split(content).ok_or(Unframed::Damaged)?;
    if checksum != Checksum::of(format, body) {
        return Err(Unframed::Damaged);
    }
    match str::from_utf8(format).ok().and_then(|format| format.parse().ok()) {
        Some(FORMAT) => Ok((body, checksum)),
        Some(format) => Err(Unframed::Later(format)),
        None => Err(Unframed::Damaged),
    }
}

fn split(content: &[u8]) -> Option<(&[u8], &[u8], Checksum)> {
    let rest = content.strip_prefix(BEFORE_FORMAT)?;
    let format = rest.split(|byte| *byte == b',').next()?;
    let rest = rest.strip_prefix(format)?.strip_prefix(BEFORE_CHECKSUM)?;
    let (checksum, rest) = rest.split_at_checked(2 * LENGTH)?;
    let body = rest.strip_prefix(BEFORE_BODY)?.strip_suffix(END)?;
    Some((format, body, Checksum::read(checksum)?))
}

impl Checksum {
    /// That of nothing at all.
    pub(crate) const NONE: Self = Self([0; LENGTH]);

    fn of(format: &[u8], body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(format);
        context.update(b"\n");
        context.update(body);
        Self(context.finish().as_ref().try_into().unwrap_or_default())
    }

    /// In lower-case hexadecimal digits.
    pub(crate) fn to_text(self) -> String {
        hex(&self.0)
    }

    /// Reads what [`Self::to_text`] gave.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        unhex(text).map(Self)
    }
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// So many bytes from twice as many lower-case hexadecimal digits.
pub(crate) fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let value = |digit: &u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(high)? << 4 | value(low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
