//! Looks for pseudo-headers in a block of compressed fields that passes by, without decompressing it. Pure.
//!
//! `h2` takes trailers with pseudo-headers for trailers, and drops those; RFC 9113 section 8.1 has them malformed. What
//! the two tables name by number is one of the static table's first fourteen, or a name that stands in the block: a
//! pseudo-header that an earlier block has put into the dynamic table goes unseen, and is dropped as before.

/// A colon in Huffman code: the seven bits at the start. RFC 7541 appendix B.
const COLON: u8 = 0b101_1100;
/// The last pseudo-header of the static table. RFC 7541 appendix A.
const LAST_PSEUDO: u8 = 14;

/// Where in a block the bytes that come next stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// At the start of a field.
    #[default]
    Field,
    /// Within a number that no string follows: the rest of an index that stands for a whole field, or of a size.
    Number,
    /// Within the number of a name.
    NameNumber,
    /// Before the length of a string.
    Length(Part),
    /// Within the length of a string; the bits that came, and the next one's weight.
    LongLength { part: Part, len: u32, shift: u8, is_huffman: bool },
    /// Before a name's first byte.
    Name { left: u32, is_huffman: bool },
    /// Within a string.
    Text { left: u32, part: Part },
}

/// Which string of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Name,
    Value,
}

/// A block that passes by.
#[derive(Debug, Default)]
pub(super) struct Block {
    place: Place,
    has_pseudo: bool,
}

impl Block {
    /// True once a pseudo-header was seen.
    pub(super) const fn has_pseudo(&self) -> bool {
        self.has_pseudo
    }

    /// Looks at the bytes that come next.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            if let Place::Text { left, part } = &mut self.place {
                let passed = (*left as usize).min(bytes.len());
                *left -= passed as u32;
                let (is_over, part) = (*left == 0, *part);
                bytes = bytes.get(passed..).unwrap_or_default();
                if is_over {
                    self.place = behind(part);
                }
                continue;
            }
            self.place = self.next(*byte);
            bytes = rest;
        }
    }

    fn next(&mut self, byte: u8) -> Place {
        match self.place {
            Place::Field => self.field(byte),
            Place::Number if byte & 0x80 == 0 => Place::Field,
            Place::Number => Place::Number,
            Place::NameNumber if byte & 0x80 == 0 => Place::Length(Part::Value),
            Place::NameNumber => Place::NameNumber,
            Place::Length(part) => {
                let (len, is_huffman) = (u32::from(byte & 0x7f), byte & 0x80 != 0);
                if len == 0x7f {
                    Place::LongLength { part, len, shift: 0, is_huffman }
                } else {
                    text(part, len, is_huffman)
                }
            }
            Place::LongLength { part, len, shift, is_huffman } => {
                let bits = u32::from(byte & 0x7f).checked_shl(u32::from(shift)).unwrap_or(u32::MAX);
                let len = len.saturating_add(bits);
                if byte & 0x80 == 0 {
                    text(part, len, is_huffman)
                } else {
                    Place::LongLength { part, len, shift: shift.saturating_add(7), is_huffman }
                }
            }
            Place::Name { left, is_huffman } => {
                self.has_pseudo |= if is_huffman { byte >> 1 == COLON } else { byte == b':' };
                if left == 1 { behind(Part::Name) } else { Place::Text { left: left - 1, part: Part::Name } }
            }
            Place::Text { .. } => self.place,
        }
    }

    /// RFC 7541 section 6: how a field begins.
    fn field(&mut self, byte: u8) -> Place {
        let (prefix, is_whole) = match byte {
            0x80.. => (0x7f, true),
            0x40.. => (0x3f, false),
            0x20.. => return if byte & 0x1f == 0x1f { Place::Number } else { Place::Field },
            _ => (0x0f, false),
        };
        let index = byte & prefix;
        self.has_pseudo |= (1..=LAST_PSEUDO).contains(&index);
        match (is_whole, index) {
            (true, _) if index == prefix => Place::Number,
            (true, _) => Place::Field,
            (false, 0) => Place::Length(Part::Name),
            (false, _) if index == prefix => Place::NameNumber,
            (false, _) => Place::Length(Part::Value),
        }
    }
}

const fn text(part: Part, len: u32, is_huffman: bool) -> Place {
    match (part, len) {
        (_, 0) => behind(part),
        (Part::Name, left) => Place::Name { left, is_huffman },
        (Part::Value, left) => Place::Text { left, part },
    }
}

const fn behind(part: Part) -> Place {
    match part {
        Part::Name => Place::Length(Part::Value),
        Part::Value => Place::Field,
    }
}

#[cfg(test)]
mod tests;
