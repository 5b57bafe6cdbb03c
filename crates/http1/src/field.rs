//! The ordered field list: lines as ranges of one buffer.

use crate::name::eq_folding_marks;
use crate::{Name, NameSet};

/// One field line of a head: where its name and value stand in the buffer, and what is known of it. 16 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    pub(crate) name_at: u32,
    pub(crate) value_at: u32,
    pub(crate) value_len: u32,
    pub(crate) name_len: u16,
    pub(crate) name: Name,
    /// [`Line::VERBATIM`], [`Line::DROPPED`]; while parsing also [`Line::UNSETTLED`].
    pub(crate) flags: u8,
}

impl Line {
    /// The line stands in the buffer just as it would be written: `name: value CRLF`.
    pub(crate) const VERBATIM: u8 = 1;
    /// The line is not passed on.
    pub(crate) const DROPPED: u8 = 2;
    /// A first look did not tell where the line ends, or which name it has.
    pub(crate) const UNSETTLED: u8 = 4;

    /// The id of its name.
    #[inline]
    pub const fn name(&self) -> Name {
        self.name
    }

    /// True where the line is not passed on.
    #[inline]
    pub const fn is_dropped(&self) -> bool {
        self.flags & Self::DROPPED != 0
    }

    /// Takes the line out of what is passed on. It stays readable.
    #[inline]
    pub const fn drop_line(&mut self) {
        self.flags |= Self::DROPPED;
    }

    #[inline]
    pub(crate) fn name_in<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.name_at as usize;
        bytes.get(at..at + usize::from(self.name_len)).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn value_in<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.value_at as usize;
        bytes.get(at..at + self.value_len as usize).unwrap_or_default()
    }

    /// One past the line's last byte in the buffer, where it is verbatim.
    #[inline]
    const fn end(&self) -> usize {
        self.value_at as usize + self.value_len as usize + 2
    }
}

/// A field as it is read: name in the case it came in, value without the spaces around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as it came.
    pub name: &'a [u8],
    /// The value, trimmed.
    pub value: &'a [u8],
    /// The id of the name.
    pub id: Name,
}

/// A head's fields, in order. A view: copying it is free.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    lines: &'a [Line],
}

impl<'a> Fields<'a> {
    /// The fields that `lines` describe in `bytes`, the buffer that they were parsed from.
    #[inline]
    pub const fn new(lines: &'a [Line], bytes: &'a [u8]) -> Self {
        Self { bytes, lines }
    }

    /// Every field that is passed on, in order.
    pub fn iter(self) -> impl Iterator<Item = Field<'a>> {
        self.lines.iter().filter(|line| !line.is_dropped()).map(move |line| Field {
            name: line.name_in(self.bytes),
            value: line.value_in(self.bytes),
            id: line.name,
        })
    }

    /// The value of the first field of that name, dropped ones included.
    #[inline]
    pub fn first(self, name: Name) -> Option<&'a [u8]> {
        self.lines.iter().find(|line| line.name == name).map(|line| line.value_in(self.bytes))
    }

    /// The values of all fields of that name, dropped ones included.
    pub fn all(self, name: Name) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.lines.iter().filter(move |line| line.name == name).map(move |line| line.value_in(self.bytes))
    }

    /// The values of all fields of that name in any case, for names without an id too; dropped ones included.
    pub fn all_named(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.lines
            .iter()
            .filter(move |line| line.name_in(self.bytes).eq_ignore_ascii_case(name.as_bytes()))
            .map(move |line| line.value_in(self.bytes))
    }

    /// Appends every field that is passed on, each as `name: value CRLF`.
    pub fn write_to(self, out: &mut Vec<u8>) {
        self.write_without(NameSet::EMPTY, out);
    }

    /// Appends every field that is passed on and whose name is not in `skip`. Neighbours that stand in the
    /// buffer as they are to be written are copied in one go.
    #[inline]
    pub fn write_without(self, skip: NameSet, out: &mut Vec<u8>) {
        let mut run = 0..0;
        for line in self.lines {
            if line.is_dropped() || skip.contains(line.name) {
                continue;
            }
            let at = line.name_at as usize;
            if line.flags & Line::VERBATIM != 0 {
                if run.end != at {
                    out.extend_from_slice(self.bytes.get(run).unwrap_or_default());
                    run = at..at;
                }
                run.end = line.end();
            } else {
                out.extend_from_slice(self.bytes.get(run).unwrap_or_default());
                run = 0..0;
                push_field(out, line.name_in(self.bytes), line.value_in(self.bytes));
            }
        }
        out.extend_from_slice(self.bytes.get(run).unwrap_or_default());
    }
}

/// Appends one field line.
#[inline]
pub(crate) fn push_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// True where a client that sends `sent` could be taken for the sender of `name`: the same name in any case,
/// or one that a CGI or WSGI program cannot tell from it.
pub(crate) fn is_taken_for(sent: &[u8], name: &[u8]) -> bool {
    eq_folding_marks(name, sent)
}

#[cfg(test)]
mod tests;
