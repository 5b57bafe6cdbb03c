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
    noted: Noted,
}

/// Which names occur, and which more than once. `Other` is let in while lines are walked over, and taken out
/// at the end.
#[derive(Clone, Copy, Debug, Default)]
struct Noted {
    present: NameSet,
    repeated: NameSet,
}

impl Noted {
    #[inline]
    fn note(&mut self, name: Name) {
        self.repeated = self.repeated.union(self.present.and(name));
        self.present = self.present.with(name);
    }

    #[inline]
    fn without_other(self) -> Self {
        Self { present: self.present.without(Name::Other), repeated: self.repeated.without(Name::Other) }
    }
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
        self.noted.present
    }

    /// The names that occur more than once.
    #[inline]
    pub const fn repeated(&self) -> NameSet {
        self.noted.repeated
    }

    /// The value of the first field of that name.
    #[inline]
    pub fn first<'a>(&self, name: Name, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if !self.noted.present.contains(name) {
            return None;
        }
        self.lines.iter().find(|line| line.name == name).map(|line| line.value_in(bytes))
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

    /// Takes every field of that name out.
    pub(crate) fn drop_known(&mut self, name: Name) {
        if self.noted.present.contains(name) {
            self.lines.iter_mut().filter(|line| line.name == name).for_each(Line::drop_line);
        }
    }

    /// Forgets every line.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.noted = Noted::default();
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
        // Without a way out in the middle, many bytes are looked at together.
        let is_bad = |byte: u8| (byte < 0x20 && byte != b'\t') || byte == 0x7f;
        if value.iter().fold(false, |bad, byte| bad | is_bad(*byte)) {
            return Err(Rule::FieldValue);
        }
        let value = trim(value);
        let name_at = bytes.len();
        if name_at + name.len() + value.len() > u32::MAX as usize - 4 {
            return Err(Rule::FieldValue);
        }
        bytes.reserve(name.len() + value.len() + 4);
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
        self.noted.note(id);
        self.noted = self.noted.without_other();
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
        // Two walks, each of which keeps what it needs in registers: where lines stand, and what they are called.
        let mut flags = 0;
        self.lines.extend(headers.iter().map(|header| {
            let line = line_of(header, base, head);
            flags |= line.flags;
            line
        }));
        let (mut noted, mut name_len) = (Noted::default(), 0);
        for (line, header) in self.lines.iter_mut().zip(headers) {
            let known = Name::glance(header.name.as_bytes());
            line.name = known.unwrap_or_default();
            name_len |= header.name.len();
            noted.note(line.name);
            if known.is_none() {
                line.flags |= Line::UNSETTLED;
                flags |= Line::UNSETTLED;
            }
        }
        self.noted = noted.without_other();
        if flags & Line::UNSETTLED != 0 || name_len > usize::from(u16::MAX) {
            let settled = self.settle(headers, head);
            if settled.is_err() {
                self.clear();
            }
            return settled;
        }
        Ok(())
    }

    /// Looks closely at the lines for which one look was not enough. Nothing of this is done in the first walk
    /// over the lines, so that it calls nobody and keeps everything in registers.
    #[cold]
    fn settle(&mut self, headers: &[httparse::Header<'_>], head: &[u8]) -> Result<(), Rule> {
        if headers.iter().any(|header| header.name.len() > usize::from(u16::MAX)) {
            return Err(Rule::FieldName);
        }
        for line in self.lines.iter_mut().filter(|line| line.flags & Line::UNSETTLED != 0) {
            line.flags &= !Line::UNSETTLED;
            let value_end = line.value_at as usize + line.value_len as usize;
            if !ends_after_space(head.get(value_end..).unwrap_or_default()) {
                return Err(Rule::BareLf);
            }
            if line.name == Name::Other {
                let (name, is_taken_for_another) = Name::judge(line.name_in(head));
                line.name = name;
                line.flags |= if is_taken_for_another { Line::DROPPED } else { 0 };
                self.noted.note(name);
            }
        }
        self.noted = self.noted.without_other();
        Ok(())
    }
}

#[inline]
fn line_of(header: &httparse::Header<'_>, base: usize, head: &[u8]) -> Line {
    let (name_len, value_len) = (header.name.len(), header.value.len());
    let name_at = header.name.as_ptr() as usize - base;
    let value_at = header.value.as_ptr() as usize - base;
    let mut flags = Line::UNSETTLED;
    if head.get(value_at + value_len..).is_some_and(|end| end.starts_with(b"\r\n")) {
        // The colon is where the name ends, always; between it and the value there may be other than one space.
        let has_one_space = value_at == name_at + name_len + 2 && head.get(value_at - 1) == Some(&b' ');
        flags = if has_one_space { Line::VERBATIM } else { 0 };
    }
    Line {
        name_at: name_at as u32,
        value_at: value_at as u32,
        value_len: value_len as u32,
        name_len: name_len as u16,
        name: Name::Other,
        flags,
    }
}

/// True where nothing but space stands between a value and its line's CRLF.
fn ends_after_space(rest: &[u8]) -> bool {
    let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    rest.get(space..).unwrap_or_default().starts_with(b"\r\n")
}

/// An array for `httparse`, without filling it first.
pub(crate) const fn uninit<'a, const N: usize>() -> [MaybeUninit<httparse::Header<'a>>; N] {
    [const { MaybeUninit::uninit() }; N]
}

/// Room for the lines that may be in `window`, and for those alone: the shortest line, which ends in LF and is
/// refused for that, has three bytes.
pub(crate) fn most_lines(window: &[u8], limits: &Limits) -> usize {
    limits.fields.min(window.len() / 3)
}

/// Parses a whole trailer section, its final empty line included, into `lines`. Fields that concern framing,
/// routing or identity are dropped. RFC 9110 section 6.5.1.
///
/// # Errors
/// [`Rule::Trailer`] where it is malformed or has more fields than `limits` allow.
pub fn parse_trailers(section: &[u8], limits: &Limits, lines: &mut Lines) -> Result<(), Rule> {
    lines.clear();
    let mut headers = vec![httparse::EMPTY_HEADER; most_lines(section, limits)];
    let Ok(httparse::Status::Complete((len, headers))) = httparse::parse_headers(section, &mut headers)
    else {
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
