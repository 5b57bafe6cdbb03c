//! The chunked coding, decoded strictly and written canonically. RFC 9112 section 7.1.

use std::ops::Range;

use crate::{Rule, push_hex};

/// Bytes of extensions and of padding that one body may carry in all.
const MOST_OVERHEAD: u32 = 16 * 1024;
/// Bytes that a trailer section may have.
const MOST_TRAILERS: usize = 16 * 1024;
/// Digits of a chunk size: 2^60 bytes is more than anybody sends, and cannot overflow.
const MOST_DIGITS: u8 = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before or in the digits of a size.
    Size { digits: u8 },
    /// Spaces after a size: only an extension may follow. RFC 9112 section 7.1.1.
    Space,
    /// In an extension, which is dropped.
    Extension,
    /// After the CR of a size line.
    SizeEnd,
    /// In the data of a chunk.
    Data,
    /// Before the CR after the data.
    DataCr,
    /// Before the LF after the data.
    DataLf,
    /// In the trailer section, which is kept for the caller.
    Trailers,
    /// Behind the last byte.
    Done,
    /// A rule was broken, and nothing after it can be trusted.
    Refused(Rule),
}

/// What a call of [`Decoder::decode`] did with its buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// How many bytes of the buffer belong to the body and are done with.
    pub consumed: usize,
    /// Where the data among them stands now, in one piece.
    pub data: Range<usize>,
    /// True where the body is whole.
    pub is_done: bool,
}

/// Takes a chunked body apart, as its bytes come.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    remaining: u64,
    overhead: u32,
    trailers: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { state: State::Size { digits: 0 }, remaining: 0, overhead: 0, trailers: Vec::new() }
    }
}

impl Decoder {
    /// Takes in as much of `buf` as there is. Data of several chunks is moved together, so that it can be
    /// passed on in one piece.
    ///
    /// # Errors
    /// [`Rule::ChunkSize`], [`Rule::ChunkExtension`], [`Rule::ChunkEnd`], [`Rule::Trailer`]. Nothing of the
    /// buffer is to be passed on then, and every later call says the same.
    pub fn decode(&mut self, buf: &mut [u8]) -> Result<Decoded, Rule> {
        if let State::Refused(rule) = self.state {
            return Err(rule);
        }
        self.advance(buf).inspect_err(|rule| self.state = State::Refused(*rule))
    }

    fn advance(&mut self, buf: &mut [u8]) -> Result<Decoded, Rule> {
        let mut at = 0;
        let mut data = 0..0;
        while at < buf.len() && self.state != State::Done {
            if self.state == State::Data {
                let len = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(buf.len() - at);
                if data.is_empty() {
                    data = at..at + len;
                } else {
                    buf.copy_within(at..at + len, data.end);
                    data.end += len;
                }
                at += len;
                self.remaining -= len as u64;
                if self.remaining == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            let Some(byte) = buf.get(at).copied() else { break };
            self.step(byte)?;
            at += 1;
        }
        Ok(Decoded { consumed: at, data, is_done: self.state == State::Done })
    }

    /// The trailer section of a body that is done, its final empty line included; empty where it had none.
    pub fn trailers(&self) -> &[u8] {
        if self.trailers.len() <= 2 { &[] } else { &self.trailers }
    }

    fn step(&mut self, byte: u8) -> Result<(), Rule> {
        self.state = match (self.state, byte) {
            (State::Size { digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(digits, byte)?,
            (State::Size { digits: 1.. }, b'\r') => State::SizeEnd,
            (State::Size { digits: 1.. } | State::Space, b';') => self.spent(State::Extension)?,
            (State::Size { digits: 1.. } | State::Space, b' ' | b'\t') => self.spent(State::Space)?,
            (State::Size { .. } | State::Space, _) => return Err(Rule::ChunkSize),
            (State::Extension, b'\r') => State::SizeEnd,
            (State::Extension, b'\t' | b' '..=b'~' | 0x80..) => self.spent(State::Extension)?,
            (State::Extension, _) => return Err(Rule::ChunkExtension),
            (State::SizeEnd, b'\n') if self.remaining == 0 => State::Trailers,
            (State::SizeEnd, b'\n') => State::Data,
            (State::SizeEnd, _) => return Err(Rule::ChunkSize),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size { digits: 0 },
            (State::DataCr | State::DataLf, _) => return Err(Rule::ChunkEnd),
            (State::Trailers, _) => self.trailer(byte)?,
            (State::Data | State::Done | State::Refused(_), _) => self.state,
        };
        Ok(())
    }

    fn digit(&mut self, digits: u8, byte: u8) -> Result<State, Rule> {
        if digits >= MOST_DIGITS {
            return Err(Rule::ChunkSize);
        }
        let value = (byte as char).to_digit(16).ok_or(Rule::ChunkSize)?;
        self.remaining = self.remaining << 4 | u64::from(value);
        Ok(State::Size { digits: digits + 1 })
    }

    fn spent(&mut self, next: State) -> Result<State, Rule> {
        self.overhead += 1;
        if self.overhead > MOST_OVERHEAD { Err(Rule::ChunkExtension) } else { Ok(next) }
    }

    /// Keeps the trailer section; it ends with an empty line.
    fn trailer(&mut self, byte: u8) -> Result<State, Rule> {
        if self.trailers.len() >= MOST_TRAILERS {
            return Err(Rule::Trailer);
        }
        self.trailers.push(byte);
        if byte != b'\n' {
            return Ok(State::Trailers);
        }
        if !self.trailers.ends_with(b"\r\n") {
            return Err(Rule::Trailer);
        }
        let is_end = self.trailers.len() == 2 || self.trailers.ends_with(b"\r\n\r\n");
        Ok(if is_end { State::Done } else { State::Trailers })
    }
}

/// Appends the line that begins a chunk of `len` bytes. `len` is not zero.
pub fn push_size(out: &mut Vec<u8>, len: usize) {
    push_hex(out, len as u64);
    out.extend_from_slice(b"\r\n");
}

/// What ends a chunk's data.
pub const END_OF_DATA: &[u8] = b"\r\n";

/// What ends a body without trailers, after the last chunk's end.
pub const LAST: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests;
