//! The head of a response.

use std::mem::MaybeUninit;

use crate::parse::{ON_STACK, most_lines, uninit};
use crate::{Fields, Limits, Lines, Name, NameSet, Parsed, Rule, Version, refusal};

/// The head of a response, as ranges of the buffer that it was read into. Reused from response to response.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    status: u16,
    reason_at: u32,
    reason_len: u32,
    version: Version,
    lines: Lines,
}

impl ResponseHead {
    /// Parses a head at the start of `bytes`; Content-Length is dropped where the status allows none. On [`Parsed::Partial`] and on errors the head holds nothing of
    /// use, and no fields.
    ///
    /// # Errors
    /// The [`Rule`] that the bytes break, as soon as they break it.
    pub fn parse(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed, Rule> {
        let most = limits.most_bytes();
        let window = bytes.get(..most).unwrap_or(bytes);
        let parsed = match self.parse_window(window, limits) {
            Err(Rule::Version) => match refusal::response_as_1_1(window) {
                Some(copy) => self.parse_window(&copy, limits),
                None => Err(Rule::Version),
            },
            parsed => parsed,
        };
        match parsed {
            Ok(Parsed::Partial) if window.len() >= most => Err(Rule::HeadTooLarge),
            parsed => parsed,
        }
    }

    /// As [`ResponseHead::parse`], where `seen` bytes were there already at the last call, which said
    /// [`Parsed::Partial`]. What came since is looked at once a line ends in it, so that a head which comes
    /// byte by byte is not read from its start for each of them.
    ///
    /// # Errors
    /// As [`ResponseHead::parse`].
    pub fn parse_more(&mut self, bytes: &[u8], seen: usize, limits: &Limits) -> Result<Parsed, Rule> {
        let new = bytes.get(seen..).unwrap_or_default();
        if seen > 0 && bytes.len() < limits.most_bytes() && !new.contains(&b'\n') {
            return Ok(Parsed::Partial);
        }
        self.parse(bytes, limits)
    }

    #[inline]
    fn parse_window(&mut self, window: &[u8], limits: &Limits) -> Result<Parsed, Rule> {
        self.lines.clear();
        if limits.fields <= ON_STACK {
            self.parse_into(window, limits, &mut uninit::<ON_STACK>())
        } else {
            self.parse_into(window, limits, &mut vec![MaybeUninit::uninit(); most_lines(window, limits)])
        }
    }

    #[inline]
    fn parse_into<'b>(
        &mut self,
        bytes: &'b [u8],
        limits: &Limits,
        headers: &mut [MaybeUninit<httparse::Header<'b>>],
    ) -> Result<Parsed, Rule> {
        // An empty line before a status line is no part of a response: surplus bytes of the one before.
        if matches!(bytes.first(), Some(b'\r' | b'\n')) {
            return Err(Rule::StartLine);
        }
        let most = limits.fields.min(headers.len());
        let mut response = httparse::Response::new(&mut []);
        let headers = headers.get_mut(..most).unwrap_or_default();
        let parser = httparse::ParserConfig::default();
        let status = match parser.parse_response_with_uninit_headers(&mut response, bytes, headers) {
            Ok(status) => status,
            Err(error) => return Err(refusal::of_response(error, bytes)),
        };
        let httparse::Status::Complete(len) = status else { return Ok(Parsed::Partial) };
        let reason = response.reason.unwrap_or_default();
        self.status = response.code.unwrap_or_default();
        if !(100..=599).contains(&self.status) {
            return Err(Rule::Status);
        }
        self.version = if response.version == Some(0) { Version::Http10 } else { Version::Http11 };
        // An absent or unreadable reason phrase is a constant of the parser, not a range of the buffer.
        let offset = (reason.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
        let is_inside = !reason.is_empty() && offset < len;
        self.reason_at = if is_inside { offset as u32 } else { 0 };
        self.reason_len = if is_inside { reason.len() as u32 } else { 0 };
        self.lines.take(response.headers, bytes.get(..len).unwrap_or_default())?;
        if matches!(self.status, 100..=199 | 204) {
            // RFC 9110 section 8.6: these have no Content-Length, and whoever reads one waits for a body.
            self.lines.drop_known(Name::ContentLength);
        }
        Ok(Parsed::Complete { len })
    }

    /// Begins a head that does not come from HTTP/1.1 bytes; fields follow by [`Lines::push`].
    pub fn begin(&mut self, status: u16) {
        self.lines.clear();
        self.status = status;
        self.reason_at = 0;
        self.reason_len = 0;
        self.version = Version::Http11;
    }

    /// The status code, 100 to 599.
    #[inline]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase; empty where there was none.
    #[inline]
    pub fn reason<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.reason_at as usize;
        bytes.get(at..at + self.reason_len as usize).unwrap_or_default()
    }

    /// The version that the backend claims.
    #[inline]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The fields.
    #[inline]
    pub fn fields<'a>(&'a self, bytes: &'a [u8]) -> Fields<'a> {
        self.lines.fields(bytes)
    }

    /// The value of the first field of that name.
    #[inline]
    pub fn first<'a>(&self, name: Name, bytes: &'a [u8]) -> Option<&'a [u8]> {
        self.lines.first(name, bytes)
    }

    /// The names that occur.
    #[inline]
    pub const fn present(&self) -> NameSet {
        self.lines.present()
    }

    /// The lines.
    #[inline]
    pub const fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The lines, to drop some or to append.
    #[inline]
    pub const fn lines_mut(&mut self) -> &mut Lines {
        &mut self.lines
    }
}

#[cfg(test)]
mod tests;
