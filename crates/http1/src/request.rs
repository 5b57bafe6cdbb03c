//! The head of a request.

use std::mem::MaybeUninit;

use crate::parse::{ON_STACK, most_lines, uninit};
use crate::{Fields, Limits, Lines, Method, Name, NameSet, Parsed, Rule, Version, refusal};

/// Empty lines that are passed over before a request. Some clients send one after a body.
const MOST_EMPTY_LINES: usize = 8;

/// The head of a request, as ranges of the buffer that it was read into. Reused from request to request.
#[derive(Clone, Debug, Default)]
pub struct RequestHead {
    method: Method,
    method_at: u32,
    method_len: u32,
    target_at: u32,
    target_len: u32,
    version: Version,
    lines: Lines,
}

impl RequestHead {
    /// Parses a head at the start of `bytes`; a few empty lines before it are passed over (RFC 9112 section
    /// 2.2). On [`Parsed::Partial`] and on errors the head holds nothing of use, and no fields.
    ///
    /// # Errors
    /// The [`Rule`] that the bytes break, as soon as they break it.
    pub fn parse(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed, Rule> {
        // A stranger's buffer is never scanned past what a head may take.
        let most = limits.most_bytes();
        let window = bytes.get(..most).unwrap_or(bytes);
        let parsed = match self.parse_window(window, limits) {
            Err(Rule::Version) => match refusal::request_as_1_1(window) {
                Some(copy) => self.parse_window(&copy, limits),
                None => Err(Rule::Version),
            },
            parsed => parsed,
        };
        match parsed {
            Ok(Parsed::Partial) => {
                check_start(window, limits)?;
                if window.len() < most { Ok(Parsed::Partial) } else { Err(Rule::HeadTooLarge) }
            }
            parsed => parsed,
        }
    }

    /// As [`RequestHead::parse`], where `seen` bytes were there already at the last call, which said
    /// [`Parsed::Partial`]. What came since is looked at once a line ends in it, so that a head which comes
    /// byte by byte is not read from its start for each of them.
    ///
    /// # Errors
    /// As [`RequestHead::parse`].
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
        let most = limits.fields.min(headers.len());
        let mut request = httparse::Request::new(&mut []);
        let headers = headers.get_mut(..most).unwrap_or_default();
        let status = match request.parse_with_uninit_headers(bytes, headers) {
            Ok(status) => status,
            Err(error) => return Err(refusal::of_request(error, bytes)),
        };
        let httparse::Status::Complete(len) = status else { return Ok(Parsed::Partial) };
        let (method, target) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
        if target.len() > limits.target {
            return Err(Rule::TargetTooLong);
        }
        let base = bytes.as_ptr() as usize;
        let method_at = method.as_ptr() as usize - base;
        if method_at > 0 {
            check_empty_lines(bytes.get(..method_at).unwrap_or_default())?;
        }
        self.method = Method::of(method.as_bytes());
        self.method_at = method_at as u32;
        self.method_len = method.len() as u32;
        self.target_at = (target.as_ptr() as usize - base) as u32;
        self.target_len = target.len() as u32;
        self.version = if request.version == Some(0) { Version::Http10 } else { Version::Http11 };
        self.lines.take(request.headers, bytes.get(..len).unwrap_or_default())?;
        Ok(Parsed::Complete { len })
    }

    /// Begins a head that does not come from HTTP/1.1 bytes: method and target are appended to `bytes`, and
    /// fields follow by [`Lines::push`] on [`RequestHead::lines_mut`].
    ///
    /// # Errors
    /// [`Rule::StartLine`] where the method is no token or the target holds a byte that no target may hold.
    pub fn begin(&mut self, bytes: &mut Vec<u8>, method: &[u8], target: &[u8]) -> Result<(), Rule> {
        if !crate::token::is_token(method)
            || target.is_empty()
            || target.iter().any(|byte| *byte <= 0x20 || *byte == 0x7f)
        {
            return Err(Rule::StartLine);
        }
        self.lines.clear();
        self.method = Method::of(method);
        self.method_at = bytes.len() as u32;
        self.method_len = method.len() as u32;
        bytes.extend_from_slice(method);
        self.target_at = bytes.len() as u32;
        self.target_len = target.len() as u32;
        bytes.extend_from_slice(target);
        self.version = Version::Http11;
        Ok(())
    }

    /// The method's id.
    #[inline]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The method as it was sent.
    #[inline]
    pub fn method_text<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.method_at as usize;
        bytes.get(at..at + self.method_len as usize).unwrap_or_default()
    }

    /// The request target as it was sent.
    #[inline]
    pub fn target<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.target_at as usize;
        bytes.get(at..at + self.target_len as usize).unwrap_or_default()
    }

    /// The version that the client claims.
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

/// What stands before a request is empty lines, each of them CRLF, and not many. RFC 9112 section 2.2.
#[cold]
fn check_empty_lines(before: &[u8]) -> Result<(), Rule> {
    let mut lines = before.chunks_exact(2);
    if !lines.all(|line| line == b"\r\n") || !matches!(lines.remainder(), [] | b"\r") {
        Err(Rule::BareLf)
    } else if before.len() > 2 * MOST_EMPTY_LINES {
        Err(Rule::StartLine)
    } else {
        Ok(())
    }
}

/// What is wrong already with a head that is not whole: empty lines without end before it, or a target that
/// is too long.
#[cold]
fn check_start(window: &[u8], limits: &Limits) -> Result<(), Rule> {
    let start = window.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(window.len());
    let (before, rest) = window.split_at_checked(start).unwrap_or_default();
    check_empty_lines(before)?;
    if rest.len() <= limits.target {
        return Ok(());
    }
    match rest.split(|byte| matches!(byte, b' ' | b'\r' | b'\n')).nth(1) {
        Some(target) if target.len() > limits.target => Err(Rule::TargetTooLong),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
