//! From bytes to lines: what requests, responses and trailers share.

use std::mem::MaybeUninit;

use crate::field::{is_taken_for, push_field};
use crate::token::{is_token, trim};
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

    /// Takes every field out that is called `name`, or that a program which reads all marks in names alike
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
    /// It is judged as one that was parsed: its value is trimmed, and it is dropped where a backend could take
    /// its name for one that it believes.
    ///
    /// # Errors
    /// [`Rule::FieldName`] and [`Rule::FieldValue`] where name or value could not stand in a head, or the text
    /// would pass 4 GiB.
    pub fn push(&mut self, bytes: &mut Vec<u8>, name: &[u8], value: &[u8]) -> Result<(), Rule> {
        if !is_token(name) || name.len() > usize::from(u16::MAX) {
            return Err(Rule::FieldName);
        }
        if value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
            return Err(Rule::FieldValue);
        }
        let value = trim(value);
        let name_at = bytes.len();
        if name_at + name.len() + value.len() > u32::MAX as usize - 4 {
            return Err(Rule::FieldValue);
        }
        push_field(bytes, name, value);
        let (id, is_taken_for_another) = Name::judge(name);
        self.lines.push(Line {
            name_at: name_at as u32,
            value_at: (name_at + name.len() + 2) as u32,
            value_len: value.len() as u32,
            name_len: name.len() as u16,
            name: id,
            flags: if is_taken_for_another { Line::VERBATIM | Line::DROPPED } else { Line::VERBATIM },
        });
        self.repeated = self.repeated.union(self.present.and(id)).without(Name::Other);
        self.present = self.present.with(id).without(Name::Other);
        Ok(())
    }

    /// Takes over what `httparse` found in `head`, the bytes up to the end of the final empty line.
    ///
    /// `httparse` takes LF alone for the end of a line; here each must be CRLF (RFC 9112 section 2.2): the start
    /// line's, that of each field, and the final one.
    #[inline]
    pub(crate) fn take(&mut self, headers: &[httparse::Header<'_>], head: &[u8]) -> Result<(), Rule> {
        self.clear();
        let base = head.as_ptr() as usize;
        let start =
            headers.first().map_or(head.len().saturating_sub(2), |first| first.name.as_ptr() as usize - base);
        let start = head.get(..start).unwrap_or_default();
        if !head.ends_with(b"\r\n") || !(start.is_empty() || start.ends_with(b"\r\n")) {
            return Err(Rule::BareLf);
        }
        let mut fault = None;
        let (mut present, mut repeated) = (NameSet::EMPTY, NameSet::EMPTY);
        self.lines.extend(headers.iter().map(|header| {
            let line = line_of(header, base, head, &mut fault);
            repeated = repeated.union(present.and(line.name));
            present = present.with(line.name);
            line
        }));
        if let Some(rule) = fault {
            self.clear();
            return Err(rule);
        }
        self.present = present.without(Name::Other);
        self.repeated = repeated.without(Name::Other);
        Ok(())
    }
}

#[inline]
fn line_of(header: &httparse::Header<'_>, base: usize, head: &[u8], fault: &mut Option<Rule>) -> Line {
    let (name, value_len) = (header.name.as_bytes(), header.value.len());
    let name_at = name.as_ptr() as usize - base;
    let value_at = header.value.as_ptr() as usize - base;
    let value_end = value_at + value_len;
    let mut flags = 0;
    if head.get(value_end..value_end + 2) == Some(b"\r\n") {
        // The colon is where the name ends, always; between it and the value there may be more than one space.
        if value_at == name_at + name.len() + 2 && head.get(value_at - 1) == Some(&b' ') {
            flags = Line::VERBATIM;
        }
    } else if !ends_after_space(head.get(value_end..).unwrap_or_default()) {
        *fault = Some(Rule::BareLf);
    }
    if name.len() > usize::from(u16::MAX) {
        *fault = Some(Rule::FieldName);
    }
    let (id, is_taken_for_another) = Name::judge(name);
    if is_taken_for_another {
        flags |= Line::DROPPED;
    }
    Line {
        name_at: name_at as u32,
        value_at: value_at as u32,
        value_len: value_len as u32,
        name_len: name.len() as u16,
        name: id,
        flags,
    }
}

/// True where only space stands between a value and its line's CRLF.
#[cold]
fn ends_after_space(rest: &[u8]) -> bool {
    let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    rest.get(space..).unwrap_or_default().starts_with(b"\r\n")
}

/// An array for `httparse`, without filling it first.
pub(crate) const fn uninit<'a, const N: usize>() -> [MaybeUninit<httparse::Header<'a>>; N] {
    [const { MaybeUninit::uninit() }; N]
}

/// Parses a whole trailer section, its final empty line included, into `lines`. Fields that concern framing,
/// routing or identity are dropped. RFC 9110 section 6.5.1.
///
/// # Errors
/// [`Rule::Trailer`] where it is malformed or has more fields than `limits` allow.
pub fn parse_trailers(section: &[u8], limits: &Limits, lines: &mut Lines) -> Result<(), Rule> {
    lines.clear();
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
        // RFC 9209 section 2: Proxy-Status may come late.
        if !matches!(line.name(), Name::Other | Name::ProxyStatus) {
            line.drop_line();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
