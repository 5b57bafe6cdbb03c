//! Decodes field blocks (RFC 7541), and takes nothing that is not exactly right.

mod huffman;
mod table;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::frames::Fields;
use crate::latin1;
use huffman::Huffman;

/// How large the dynamic table may be where nobody has set anything else.
const TABLE_SIZE: usize = 4096;

/// Decodes the field blocks of one end of a connection.
pub(crate) struct Decoder {
    huffman: Huffman,
    /// The latest entry first.
    entries: VecDeque<(String, String)>,
    most: usize,
}

/// The rest of a field block.
struct Block<'b>(&'b [u8]);

impl Decoder {
    pub(crate) fn new() -> Self {
        Self { huffman: Huffman::new(), entries: VecDeque::new(), most: TABLE_SIZE }
    }

    /// The fields of a whole block.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn decode(&mut self, block: &[u8]) -> Result<Fields, String> {
        let (mut block, mut fields) = (Block(block), Fields::new());
        while let Some(&first) = block.0.first() {
            match first {
                // Section 6.1: an indexed field.
                0x80.. => fields.0.push(self.entry(block.integer(7)?)?),
                // Section 6.2.1: a literal that is added to the table.
                0x40.. => {
                    let field = self.literal(&mut block, 6)?;
                    self.add(field.clone());
                    fields.0.push(field);
                }
                // Section 6.3: a size of the table, which comes before all fields (section 4.2).
                0x20.. if fields.is_empty() => self.resize(block.integer(5)?)?,
                0x20.. => return Err("a size of the table behind a field".into()),
                // Sections 6.2.2 and 6.2.3: a literal that is not added.
                _ => fields.0.push(self.literal(&mut block, 4)?),
            }
        }
        Ok(fields)
    }

    fn literal(&self, block: &mut Block<'_>, prefix: u8) -> Result<(String, String), String> {
        let name = match block.integer(prefix)? {
            0 => self.string(block)?,
            index => self.entry(index)?.0,
        };
        Ok((name, self.string(block)?))
    }

    fn string(&self, block: &mut Block<'_>) -> Result<String, String> {
        let is_coded = block.0.first().is_some_and(|first| first & 0x80 != 0);
        let length = block.integer(7)?;
        let (bytes, rest) = block.0.split_at_checked(length).ok_or("a string without an end")?;
        block.0 = rest;
        Ok(if is_coded { latin1(&self.huffman.decode(bytes)?) } else { latin1(bytes) })
    }

    /// Section 2.3.3.
    fn entry(&self, index: usize) -> Result<(String, String), String> {
        let place = index.checked_sub(1).ok_or("an index of 0")?;
        if let Some((name, value)) = table::FIELDS.get(place) {
            return Ok(((*name).to_owned(), (*value).to_owned()));
        }
        let entry = self.entries.get(place - table::FIELDS.len());
        entry.cloned().ok_or_else(|| format!("an index of {index}"))
    }

    /// Section 4.4.
    fn add(&mut self, field: (String, String)) {
        self.entries.push_front(field);
        self.evict();
    }

    fn resize(&mut self, most: usize) -> Result<(), String> {
        if most > TABLE_SIZE {
            return Err(format!("a table of {most} bytes"));
        }
        self.most = most;
        self.evict();
        Ok(())
    }

    /// Section 4.1: an entry counts for 32 bytes more than it has.
    fn evict(&mut self) {
        let size = |(name, value): &(String, String)| name.chars().count() + value.chars().count() + 32;
        while self.entries.iter().map(size).sum::<usize>() > self.most {
            self.entries.pop_back();
        }
    }
}

impl Block<'_> {
    /// An integer whose prefix has so many bits: section 5.1.
    fn integer(&mut self, prefix: u8) -> Result<usize, String> {
        let all = (1 << prefix) - 1;
        let mut value = usize::from(self.byte()?) & all;
        if value < all {
            return Ok(value);
        }
        for shift in [0, 7, 14, 21] {
            let byte = usize::from(self.byte()?);
            value += (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("an integer without an end".into())
    }

    fn byte(&mut self) -> Result<u8, String> {
        let (&first, rest) = self.0.split_first().ok_or("a block without an end")?;
        self.0 = rest;
        Ok(first)
    }
}
