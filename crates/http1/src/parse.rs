//! From bytes to lines: what requests, responses and trailers share.

use std::mem::MaybeUninit;

use crate::field::{is_taken_for, push_field};
use crate::token::is_token;
use crate::{Fields, Limits, Line, Name, NameSet, Rule};

/// How many lines are parsed without asking the heap.
pub(crate) const ON_STACK: usize = 128;

/// What a parser says of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The head is whole, and ends `len` bytes into the buffer.
    Complete {
        /// Bytes from the buffer's start to the end of the head, empty lines before it included.
        len: usize,
    },
    /// More bytes are needed.
    Partial,
}

/// The version that a message claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    #[default]
    Http11,
}

/// The lines of a head, reused from message to message.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    lines: Vec<Line>,
    present: NameSet,
    repeated: NameSet,
}

impl Lines {
    /// The fields, read in the buffer that they were parsed from.
    #[inline]
    pub fn fields<'a>(&'a self, bytes: &'a [u8]) -> Fields<'a> {
        Fields::new(&self.lines, bytes)
    }

    /// The names that occur at least once. `Other` is never among them.
    #[inline]
    pub const fn present(&self) -> NameSet {
        self.present
    }

    /// The names that occur more than once.
    #[inline]
    pub const fn repeated(&self) -> NameSet {
        self.repeated
    }

    /// The value of the first field of that name.
    #[inline]
    pub fn first<'a>(&'a self, name: Name, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if self.present.contains(name) { self.fields(bytes).first(name) } else { None }
    }

    /// The lines themselves.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [Line] {
        &mut self.lines
    }

    /// Takes every field out that is called `name`, or that a program which reads underscores as hyphens
    /// could take for it.
    pub fn drop_named(&mut self, name: &[u8], bytes: &[u8]) {
        for line in &mut self.lines {
            if is_taken_for(line.name_in(bytes), name) {
                line.drop_line();
            }
        }
    }

    /// Forgets every line.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.present = NameSet::EMPTY;
        self.repeated = NameSet::EMPTY;
    }

    /// Appends a field to the list and its text to `bytes`: for heads that come from elsewhere than HTTP/1.1.
    ///
    /// # Errors
    /// [`Rule::FieldName`] and [`Rule::FieldValue`] where name or value could not stand in a head.
    pub fn push(&mut self, bytes: &mut Vec<u8>, name: &[u8], value: &[u8]) -> Result<(), Rule> {
        if !is_token(name) || name.len() > usize::from(u16::MAX) {
            return Err(Rule::FieldName);
        }
        if value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
            return Err(Rule::FieldValue);
        }
        let name_at = bytes.len();
        push_field(bytes, name, value);
        self.add(Line {
            name_at: name_at as u32,
            value_at: (name_at + name.len() + 2) as u32,
            value_len: value.len() as u32,
            name_len: name.len() as u16,
            name: Name::of(name),
            flags: Line::VERBATIM,
        });
        Ok(())
    }

    #[inline]
    fn add(&mut self, line: Line) {
        if line.name != Name::Other {
            if self.present.contains(line.name) {
                self.repeated = self.repeated.with(line.name);
            }
            self.present = self.present.with(line.name);
        }
        self.lines.push(line);
    }

    /// Takes over what `httparse` found in `head`, the bytes up to the end of the final empty line.
    #[inline]
    pub(crate) fn take(&mut self, headers: &[httparse::Header<'_>], head: &[u8]) -> Result<(), Rule> {
        self.clear();
        let base = head.as_ptr() as usize;
        let end_of_lines = head.len().saturating_sub(2);
        if head.get(end_of_lines..) != Some(b"\r\n") {
            return Err(Rule::BareLf);
        }
        let mut rest = headers.iter();
        let mut next = rest.next();
        // The start line, or what stands before the first field, ends in CRLF too. RFC 9112 section 2.2.
        let first_at = next.map_or(end_of_lines, |header| header.name.as_ptr() as usize - base);
        if first_at >= 2 && head.get(first_at - 2..first_at) != Some(b"\r\n") {
            return Err(Rule::BareLf);
        }
        while let Some(header) = next {
            next = rest.next();
            let line_end = next.map_or(end_of_lines, |header| header.name.as_ptr() as usize - base);
            self.add(line_of(header, base, line_end, head)?);
        }
        Ok(())
    }
}

#[inline]
fn line_of(header: &httparse::Header<'_>, base: usize, line_end: usize, head: &[u8]) -> Result<Line, Rule> {
    let name = header.name.as_bytes();
    let name_at = name.as_ptr() as usize - base;
    let value_at = header.value.as_ptr() as usize - base;
    let Some([.., colon, space]) = head.get(name_at..name_at + name.len() + 2) else {
        return Err(Rule::FieldName);
    };
    if line_end < 2 || head.get(line_end - 2..line_end) != Some(b"\r\n") {
        return Err(Rule::BareLf);
    }
    let is_verbatim = value_at == name_at + name.len() + 2
        && *colon == b':'
        && *space == b' '
        && value_at + header.value.len() + 2 == line_end;
    let id = Name::of(name);
    let mut flags = if is_verbatim { Line::VERBATIM } else { 0 };
    if id == Name::Other && NameSet::BELIEVED.contains(Name::of_underscored(name)) {
        flags |= Line::DROPPED;
    }
    Ok(Line {
        name_at: name_at as u32,
        value_at: value_at as u32,
        value_len: header.value.len() as u32,
        name_len: u16::try_from(name.len()).map_err(|_| Rule::FieldName)?,
        name: id,
        flags,
    })
}

/// An array for `httparse`, without filling it first.
pub(crate) const fn uninit<'a, const N: usize>() -> [MaybeUninit<httparse::Header<'a>>; N] {
    [const { MaybeUninit::uninit() }; N]
}

pub(crate) fn refused(error: httparse::Error) -> Rule {
    match error {
        httparse::Error::HeaderName => Rule::FieldName,
        httparse::Error::HeaderValue | httparse::Error::NewLine => Rule::FieldValue,
        httparse::Error::TooManyHeaders => Rule::TooManyFields,
        httparse::Error::Version => Rule::Version,
        httparse::Error::Status => Rule::Status,
        httparse::Error::Token => Rule::StartLine,
    }
}

/// Parses a whole trailer section, its final empty line included, into `lines`. Fields that concern framing,
/// routing or identity are dropped. RFC 9110 section 6.5.1.
///
/// # Errors
/// [`Rule::Trailer`] where it is malformed or has more fields than `limits` allow.
pub fn parse_trailers(section: &[u8], limits: &Limits, lines: &mut Lines) -> Result<(), Rule> {
    let mut headers = [httparse::EMPTY_HEADER; ON_STACK];
    let most = limits.fields.min(ON_STACK);
    let headers = headers.get_mut(..most).unwrap_or_default();
    let Ok(httparse::Status::Complete((len, headers))) = httparse::parse_headers(section, headers) else {
        return Err(Rule::Trailer);
    };
    if len != section.len() {
        return Err(Rule::Trailer);
    }
    lines.take(headers, section).map_err(|_| Rule::Trailer)?;
    for line in lines.as_mut_slice() {
        if line.name() != Name::Other {
            line.drop_line();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
