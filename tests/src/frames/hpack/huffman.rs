//! The Huffman code of strings: RFC 7541 section 5.2.

use super::table::BITS;

/// What stands for the end of a string, and never comes.
const END: usize = 256;

/// Decodes strings.
pub(crate) struct Huffman {
    /// All bytes, and the end, in the order of their codes.
    symbols: Vec<usize>,
    /// Of each length in bits: the first code, how many there are, and the place of the first one's symbol.
    lengths: Vec<(u32, usize, usize)>,
}

impl Huffman {
    pub(crate) fn new() -> Self {
        let mut symbols: Vec<usize> = (0..BITS.len()).collect();
        symbols.sort_by_key(|&symbol| BITS[symbol]);
        let (mut code, mut place) = (0, 0);
        let lengths = (0..=30).map(|length| {
            let count = BITS.iter().filter(|&&bits| bits == length).count();
            let first = (code, count, place);
            code = (code + u32::try_from(count).expect("there are 257")) << 1;
            place += count;
            first
        });
        let lengths = lengths.collect();
        Self { symbols, lengths }
    }

    /// The bytes of a string.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn decode(&self, coded: &[u8]) -> Result<Vec<u8>, String> {
        let (mut bytes, mut code, mut length) = (Vec::new(), 0, 0);
        let bits = coded.iter().flat_map(|byte| (0..8).rev().map(move |place| u32::from(byte >> place & 1)));
        for bit in bits {
            (code, length) = (code << 1 | bit, length + 1);
            match self.symbol(code, length) {
                None => {}
                Some(END) => return Err("the end of a string within it".into()),
                Some(symbol) => {
                    bytes.push(u8::try_from(symbol).expect("it is not the end"));
                    (code, length) = (0, 0);
                }
            }
        }
        // The padding is the beginning of the end's code, which is all ones.
        if length > 7 || code + 1 != 1 << length {
            return Err(format!("padding of {length} bits: {code:#b}"));
        }
        Ok(bytes)
    }

    fn symbol(&self, code: u32, length: usize) -> Option<usize> {
        let &(first, count, place) = self.lengths.get(length)?;
        let beyond = usize::try_from(code.checked_sub(first)?).ok()?;
        (beyond < count).then(|| self.symbols[place + beyond])
    }
}
