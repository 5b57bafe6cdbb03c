//! New inputs from old ones.

use fastrand::Rng;

/// No input grows beyond this.
const LONGEST: usize = 64 * 1024;

/// Makes inputs; the same corpus, words and seed make the same inputs in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Mutator {
    corpus: Vec<Vec<u8>>,
    words: &'static [&'static str],
    random: Rng,
}

impl Mutator {
    pub(crate) fn new(corpus: Vec<Vec<u8>>, words: &'static [&'static str], seed: u64) -> Self {
        Self { corpus, words, random: Rng::with_seed(seed) }
    }

    /// The inputs that are to be tried as they are, before any is changed.
    pub(crate) fn corpus(&self) -> &[Vec<u8>] {
        &self.corpus
    }

    /// Puts a new input into `input`.
    pub(crate) fn next_into(&mut self, input: &mut Vec<u8>) {
        input.clear();
        if let Some(base) = self.random.choice(&self.corpus) {
            input.extend_from_slice(base);
        }
        // Mostly few changes, which keeps most of the input meaningful.
        for _ in 0..1 << self.random.u32(0..5) {
            self.change(input);
        }
        input.truncate(LONGEST);
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(0..=input.len());
        match self.random.u32(0..9) {
            0 => flip_bit(input, at, self.random.u32(0..8)),
            1 => set(input, at, self.random.u8(..)),
            2 => input.insert(at, self.random.u8(..)),
            3 => self.remove(input, at),
            4 => self.repeat(input, at),
            5 => self.graft(input, at),
            6 => self.number(input, at),
            _ => self.word(input, at),
        }
    }

    fn remove(&mut self, input: &mut Vec<u8>, at: usize) {
        let end = self.end_of_piece(input, at);
        input.drain(at..end);
    }

    fn repeat(&mut self, input: &mut Vec<u8>, at: usize) {
        let end = self.end_of_piece(input, at);
        let piece = input.get(at..end).unwrap_or_default().to_vec();
        let times = 1 << self.random.u32(0..6);
        insert(input, at, &piece.repeat(times));
    }

    /// Goes on with the end of another input.
    fn graft(&mut self, input: &mut Vec<u8>, at: usize) {
        let Some(other) = self.random.choice(&self.corpus) else { return };
        let from = self.random.usize(0..=other.len());
        input.truncate(at);
        input.extend_from_slice(other.get(from..).unwrap_or_default());
    }

    /// Puts a number near some limit.
    fn number(&mut self, input: &mut Vec<u8>, at: usize) {
        let power = self.random.u32(0..=64);
        let near = (1_u128 << power) + u128::from(self.random.u8(0..3)) - 1;
        let text = if self.random.bool() { format!("{near}") } else { format!("{near:x}") };
        insert(input, at, text.as_bytes());
    }

    fn word(&mut self, input: &mut Vec<u8>, at: usize) {
        if let Some(word) = self.random.choice(self.words) {
            insert(input, at, word.as_bytes());
        }
    }

    fn end_of_piece(&mut self, input: &[u8], at: usize) -> usize {
        let longest = 1 << self.random.u32(0..8);
        at + self.random.usize(0..=longest.min(input.len() - at))
    }
}

fn flip_bit(input: &mut [u8], at: usize, bit: u32) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

fn set(input: &mut [u8], at: usize, value: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte = value;
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    if input.len() + piece.len() <= LONGEST {
        input.splice(at..at, piece.iter().copied());
    }
}

#[cfg(test)]
mod tests;
