//! Request targets and authorities. RFC 9112 section 3.2, RFC 9110 section 4.2.

use crate::{Method, Rule};

/// A request target, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The authority of an absolute-form target.
    pub authority: Option<&'a [u8]>,
    /// The path, `/` where an absolute target has none, `*` for the asterisk form.
    pub path: &'a [u8],
    /// What follows the first `?`.
    pub query: Option<&'a [u8]>,
}

impl<'a> Target<'a> {
    /// Takes a request target apart.
    ///
    /// # Errors
    /// [`Rule::Connect`] for CONNECT, [`Rule::Fragment`], [`Rule::TargetScheme`], [`Rule::Userinfo`], and
    /// [`Rule::Target`] for whatever else has none of the forms.
    #[inline]
    pub fn parse(text: &'a [u8], method: Method) -> Result<Self, Rule> {
        if method == Method::Connect {
            return Err(Rule::Connect);
        }
        if text.first() == Some(&b'/') {
            return Self::of_origin(text, None);
        }
        if text == b"*" {
            // RFC 9112 section 3.2.4: the asterisk form is for OPTIONS alone.
            return match method {
                Method::Options => Ok(Self { authority: None, path: text, query: None }),
                _ => Err(Rule::Target),
            };
        }
        Self::of_absolute(text)
    }

    #[inline]
    fn of_origin(text: &'a [u8], authority: Option<&'a [u8]>) -> Result<Self, Rule> {
        let mut question = None;
        for (at, byte) in text.iter().enumerate() {
            match *byte {
                b'?' if question.is_none() => question = Some(at),
                b'#' => return Err(Rule::Fragment),
                0..=0x20 | 0x7f.. => return Err(Rule::Target),
                _ => {}
            }
        }
        let path = text.get(..question.unwrap_or(text.len())).unwrap_or_default();
        let query = question.and_then(|at| text.get(at + 1..));
        Ok(Self { authority, path: if path.is_empty() { b"/" } else { path }, query })
    }

    fn of_absolute(text: &'a [u8]) -> Result<Self, Rule> {
        let colon = text.windows(3).position(|three| three == b"://").ok_or(Rule::Target)?;
        let (scheme, rest) =
            (text.get(..colon).unwrap_or_default(), text.get(colon + 3..).unwrap_or_default());
        if !scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
            return Err(Rule::Target);
        }
        if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
            return Err(Rule::TargetScheme);
        }
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        if authority.contains(&b'@') {
            // RFC 9110 section 4.2.4: treated as an error, for it serves to hide the real authority.
            return Err(Rule::Userinfo);
        }
        Self::of_origin(rest.get(end..).unwrap_or_default(), Some(authority))
    }
}

/// A host and perhaps a port, as Host and `:authority` carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// The host: a name, an IPv4 address, or an IPv6 address in its brackets. Never empty.
    pub host: &'a [u8],
    /// The port, where one is given.
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Takes an authority apart. RFC 9110 section 7.2, RFC 3986 section 3.2.
    ///
    /// # Errors
    /// [`Rule::Host`] for whatever is not one host (letters, digits, `-`, `.`, `_`, `~`, or an IPv6 address in
    /// brackets) and at most one port; [`Rule::Userinfo`] where there is an `@`.
    #[inline]
    pub fn parse(text: &'a [u8]) -> Result<Self, Rule> {
        let host_len = if text.first() == Some(&b'[') { ipv6_len(text)? } else { name_len(text)? };
        let (host, rest) = text.split_at_checked(host_len).ok_or(Rule::Host)?;
        let port = match rest {
            [] | [b':'] => None,
            [b':', digits @ ..] if digits.len() <= 5 => {
                let number = crate::number::decimal(digits).ok_or(Rule::Host)?;
                Some(u16::try_from(number).map_err(|_| Rule::Host)?)
            }
            _ => return Err(Rule::Host),
        };
        Ok(Self { host, port })
    }
}

#[inline]
fn name_len(text: &[u8]) -> Result<usize, Rule> {
    let mut len = text.len();
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'A'..=b'Z' | b'_' | b'~' => {}
            b':' => {
                len = at;
                break;
            }
            b'@' => return Err(Rule::Userinfo),
            _ => return Err(Rule::Host),
        }
    }
    // DNS names have at most 253 characters; some room is left for the trailing dot.
    if len == 0 || len > 255 || text.first() == Some(&b'.') { Err(Rule::Host) } else { Ok(len) }
}

fn ipv6_len(text: &[u8]) -> Result<usize, Rule> {
    let end = text.iter().position(|byte| *byte == b']').ok_or(Rule::Host)?;
    let inside = text.get(1..end).and_then(|inside| std::str::from_utf8(inside).ok()).ok_or(Rule::Host)?;
    inside.parse::<std::net::Ipv6Addr>().map_err(|_| Rule::Host)?;
    Ok(end + 1)
}

#[cfg(test)]
mod tests;
