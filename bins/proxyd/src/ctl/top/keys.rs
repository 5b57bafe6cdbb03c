//! What a terminal sends for keys.

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Sort,
    /// The other table.
    Other,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
}

/// Makes keys of bytes, wherever these are split.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The beginning of an escape sequence.
    held: Vec<u8>,
}

/// No sequence that means something is longer.
const LONGEST: usize = 8;

impl Keys {
    /// The keys that end in these bytes. What means nothing is left out.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Key> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }

    fn byte(&mut self, byte: u8) -> Option<Key> {
        if byte == 0x1b {
            self.held = vec![byte];
            return None;
        }
        if self.held.is_empty() {
            return single(byte);
        }
        let is_introduced = self.held.len() > 1;
        self.held.push(byte);
        match byte {
            // A lone escape before a key of its own.
            _ if !is_introduced && !matches!(byte, b'[' | b'O') => {
                self.held.clear();
                single(byte)
            }
            _ if !is_introduced => None,
            // ECMA-48 section 5.4: the final byte.
            0x40..=0x7e => {
                let sequence = std::mem::take(&mut self.held);
                sequence_key(sequence.get(2..).unwrap_or_default())
            }
            _ if self.held.len() > LONGEST => {
                self.held.clear();
                None
            }
            _ => None,
        }
    }
}

const fn single(byte: u8) -> Option<Key> {
    match byte {
        // Control-C, and control-D.
        b'q' | b'Q' | 0x03 | 0x04 => Some(Key::Quit),
        b's' | b'S' => Some(Key::Sort),
        b'\t' => Some(Key::Other),
        b'k' => Some(Key::Up),
        b'j' => Some(Key::Down),
        b' ' => Some(Key::PageDown),
        _ => None,
    }
}

const fn sequence_key(sequence: &[u8]) -> Option<Key> {
    match sequence {
        b"A" => Some(Key::Up),
        b"B" => Some(Key::Down),
        b"5~" => Some(Key::PageUp),
        b"6~" => Some(Key::PageDown),
        b"H" | b"1~" | b"7~" => Some(Key::Home),
        b"F" | b"4~" | b"8~" => Some(Key::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
