//! The head of a request.

use crate::parse::{ON_STACK, refused, uninit};
use crate::{Fields, Limits, Lines, Method, Name, NameSet, Parsed, Rule, Version};

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
    /// Parses a head at the start of `bytes`; empty lines before it are passed over (RFC 9112 section 2.2).
    /// On [`Parsed::Partial`] and on errors the head holds nothing of use.
    ///
    /// # Errors
    /// The [`Rule`] that the bytes break, as soon as they break it.
    pub fn parse(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed, Rule> {
        // A stranger's buffer is never scanned past what a head may take.
        let window = bytes.get(..limits.head).unwrap_or(bytes);
        let parsed = if limits.fields <= ON_STACK {
            self.parse_into(window, limits, &mut uninit::<ON_STACK>())
        } else {
            self.parse_into(window, limits, &mut vec![std::mem::MaybeUninit::uninit(); limits.fields])
        };
        match parsed {
            Ok(Parsed::Partial) if window.len() >= limits.head => Err(too_large(window, limits)),
            Ok(Parsed::Partial) => check_start(window, limits).map(|()| Parsed::Partial),
            Err(Rule::Version) => Err(version_rule(window)),
            parsed => parsed,
        }
    }

    #[inline]
    fn parse_into<'b>(
        &mut self,
        bytes: &'b [u8],
        limits: &Limits,
        headers: &mut [std::mem::MaybeUninit<httparse::Header<'b>>],
    ) -> Result<Parsed, Rule> {
        let most = limits.fields.min(headers.len());
        let mut request = httparse::Request::new(&mut []);
        let headers = headers.get_mut(..most).unwrap_or_default();
        let status = request.parse_with_uninit_headers(bytes, headers).map_err(refused)?;
        let httparse::Status::Complete(len) = status else { return Ok(Parsed::Partial) };
        let (method, target) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
        if target.len() > limits.target {
            return Err(Rule::TargetTooLong);
        }
        let base = bytes.as_ptr() as usize;
        self.method = Method::of(method.as_bytes());
        self.method_at = (method.as_ptr() as usize - base) as u32;
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
        if !crate::token::is_token(method) || target.iter().any(|byte| *byte <= 0x20 || *byte == 0x7f) {
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
    pub fn first<'a>(&'a self, name: Name, bytes: &'a [u8]) -> Option<&'a [u8]> {
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

/// Which limit a head that fills the whole window breaks: the target's, where the request line did not end.
fn too_large(window: &[u8], limits: &Limits) -> Rule {
    match window.iter().position(|byte| *byte == b'\n') {
        Some(_) => Rule::HeadTooLarge,
        None if limits.target < limits.head => Rule::TargetTooLong,
        None => Rule::HeadTooLarge,
    }
}

/// A target that is too long already is refused before its line ends.
fn check_start(window: &[u8], limits: &Limits) -> Result<(), Rule> {
    if window.len() <= limits.target {
        return Ok(());
    }
    let start = window.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let mut words =
        window.get(start..).unwrap_or_default().split(|byte| matches!(byte, b' ' | b'\r' | b'\n'));
    match words.nth(1) {
        Some(target) if target.len() > limits.target => Err(Rule::TargetTooLong),
        _ => Ok(()),
    }
}

/// A version of HTTP that is not served is told apart from what is no version at all. RFC 9110 section 15.6.6.
fn version_rule(window: &[u8]) -> Rule {
    let line =
        window.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty()).unwrap_or_default();
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    match version.strip_prefix(b"HTTP/") {
        Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit() => Rule::Version,
        _ => Rule::StartLine,
    }
}

#[cfg(test)]
mod tests;
